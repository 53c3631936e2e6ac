-- The whole rollback by psql: tiers 6 5 4 3 2 by their tags, then the full teardown of Tier 1, one readable line a tier;
-- the first refusal ends the run.
--
--   psql -v ON_ERROR_STOP=1 [-v database=…] [-v accept=…] [-v verbose=1] -f sql/prod_rollback/per_tier_rollback.sql
--
-- database  name that the database must have, when it is not directus (a clone)
-- accept    what a refusal named, to go on and lose exactly that: 'others_rows axis_value 1 (x)'
-- verbose   also prints every gate with what was expected and measured
--
-- Exits 3 when a tier refuses. Each tier is one transaction: what was refused is undone, tiers rolled back before stay so.
-- Where there is nothing to roll back it passes and changes nothing.

\ir ../common/chain.sql

\ir 60_scanner_baseline.sql
\ir 50_topic_finalization.sql
\ir 40_containment.sql
\ir 30_ownership_seed.sql
\ir 20_responsibility_axis.sql
\ir 99_rollback_full.sql

\ir ../common/unlock.sql
\echo ROLLBACK COMPLETE — ALL TIERS UNDONE
