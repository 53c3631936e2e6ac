-- Rollback of Tier 2: deletes the responsibility axis with its rule and values, which carry the tag
-- PROD_responsibility_2026-06-03. Needs Tiers 6, 5, 4 and 3 rolled back.
-- Where there is nothing to roll back it passes and changes nothing.

BEGIN;
SET LOCAL one_roof.step = 'Tier 2 rollback';
\ir ../common/ground.sql
SET LOCAL one_roof.axis = 'responsibility';

SET LOCAL one_roof.gates = $$
  database         =  {database}
  later_tier_rows  =  0
  others_rows      =  none
$$;
\ir ../common/entry_gates.sql

\ir ../common/delete_axis.sql
\ir ../common/forget_tier.sql

SET LOCAL one_roof.delta = $$
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
