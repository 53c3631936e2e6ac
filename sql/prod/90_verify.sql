-- Tier 8: verification. Reads only: every number that the rollout must end on, measured on the finished database.
-- The number of open findings is not among them: findings grow older, and a later scan finds more of them.

BEGIN TRANSACTION READ ONLY;
SET LOCAL one_roof.step = 'Tier 8 (verification)';
\ir ../common/ground.sql

SET LOCAL one_roof.gates = $$
  database                     =   {database}
  ospa                         >=  1
  ownership_gap                =   0
  ownership_conflict           =   0
  responsibility_required      =   210
  responsibility_axis_gap      =   0
  containment_required         =   35
  containment_gap              =   0
  active_axes                  =   3
  divergent                    =   0
  projection_gap               =   0
  label_orphans                =   0
  critical_drift               =   0
  emittable                    =   0
  governance_outbox            =   0
  active_event_types           =   0
  kg_domain_x                  =   active
  structure                    =   as defined
  foreign_privileges           =   none
  idle_in_the_way_over_5s      =   0
$$;
\ir ../common/exit_gates.sql

SELECT 'TIER 8 VERIFY PASS' AS passed;
COMMIT;
