-- Tier 0: preflight. Reads only. Stops the rollout unless a human approval exists, the ratified request is approved and
-- the database is in exactly the expected state: nothing of One-Roof there yet, 210 cells without an owner, no emission.
-- What a later tier would stumble over (labels, agencies, columns, rights) is told here, before anything is written.
--
-- Alone: PGOPTIONS='-c one_roof.ratified_apr=APR-…' psql -v ON_ERROR_STOP=1 -f sql/prod/00_preflight.sql

BEGIN TRANSACTION READ ONLY;
SET LOCAL one_roof.step = 'Tier 0 (preflight)';
\ir ../common/ground.sql

-- The stop gates of docs/specification.md S9 to S16, then what else has to be so.
SET LOCAL one_roof.gates = $$
  database                     =   {database}
  server_version               >=  150000
  ospa                         >=  1
  ospa_valid                   =   approved
  ratified_request             =   approved
  prerequisite_views           =   5
  axis_objects                 =   0
  ownership_gap                =   210
  ownership_rows               =   0
  ownership_conflict           =   0
  governance_outbox            =   0
  active_event_types           =   0
  idle_in_the_way_over_5s      =   0
  server_writable              =   yes
  missing_rights               =   none
  columns_missing              =   none
  agencies_missing             =   none
  mapped_labels_inactive       =   0
  rule_labels_unknown          =   none
  orphan_labels                =   0
$$;
\ir ../common/entry_gates.sql

\ir ../common/closing.sql
COMMIT;
