-- Rollback of Tier 3: deletes the ownership seed, by created_by PROD_OWNERSHIP_SEED_2026-06-03, and proves that nobody owns
-- anything and that every cell is a gap again: 210 on the dated baseline. Needs Tiers 6, 5 and 4 rolled back.
-- Where there is nothing to roll back it passes and changes nothing.

BEGIN;
SET LOCAL one_roof.step = 'Tier 3 rollback';
\ir ../common/ground.sql

SET LOCAL one_roof.gates = $$
  database         =   {database}
  later_tier_rows  =   0
  ownership_cells  >=  0
$$;
\ir ../common/entry_gates.sql

\ir ../common/delete_ownership_seed.sql

\ir ../common/forget_tier.sql

SET LOCAL one_roof.delta = $$
  governance_object_ownership  -own
$$;
SET LOCAL one_roof.gates = $$
  ownership_seeded  =  0
  ownership_rows    =  0
  ownership_gap     =  {entry.ownership_cells}
  row_deltas        =  as declared
$$;
\ir ../common/exit_gates.sql

\ir ../common/closing.sql
COMMIT;
