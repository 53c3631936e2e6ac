-- The whole rollout by psql: tiers 0 1 2 3 4 5 6 8 in order, one readable line a tier; the first refusal ends the run.
--
--   psql -v ON_ERROR_STOP=1 -v ratified_apr=APR-… [-v database=…] [-v verbose=1] -f sql/prod/99_run_all.sql
--
-- ratified_apr  code of the approved request; without it Tier 0 refuses
-- database      name that the database must have, when it is not directus (a clone)
-- verbose       also prints every gate with what was expected and measured
--
-- Exits 3 when a tier refuses. Each tier is one transaction: what was refused is undone, earlier tiers stay.

\ir ../common/chain.sql

\ir 00_preflight.sql
\ir 10_structure.sql
\ir 20_responsibility_axis.sql
\ir 30_ownership_seed.sql
\ir 40_containment.sql
\ir 50_topic_finalization.sql
\ir 60_scanner_baseline.sql
\ir 90_verify.sql

\ir ../common/unlock.sql
\echo ROLLOUT COMPLETE — ALL TIERS PASSED
