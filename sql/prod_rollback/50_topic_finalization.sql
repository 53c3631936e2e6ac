-- Rollback of Tier 5: deletes the topic axis with its values, rule, map, assignments, owners and decisions, which carry the tag
-- PROD_topic_2026-06-03. Needs Tier 6 rolled back.
-- Where there is nothing to roll back it passes and changes nothing.

BEGIN;
SET LOCAL one_roof.step = 'Tier 5 rollback';
\ir ../common/ground.sql
SET LOCAL one_roof.axis = 'topic';

SET LOCAL one_roof.gates = $$
  database         =  {database}
  later_tier_rows  =  0
  others_rows      =  none
$$;
\ir ../common/entry_gates.sql

\ir ../common/delete_axis.sql
\ir ../common/forget_tier.sql

SET LOCAL one_roof.delta = $$
  topic_label_reconcile_decision  -own
  topic_taxonomy_map              -own
  axis_object_ownership           -own
  axis_assignment                 -own
  coverage_rule                   -own
  axis_value                      -own
  axis_registry                   -own
$$;
SET LOCAL one_roof.gates = $$
  tier_rows   =  0
  row_deltas  =  as declared
$$;
\ir ../common/exit_gates.sql

\ir ../common/closing.sql
COMMIT;
