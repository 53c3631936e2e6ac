-- Deletes the ownership seed of Tier 3 by its tag, and nothing that others wrote.
--
-- Triggers of the application fire on its own table, and find their tables where they always do. What stands in schema
-- public beside them cannot take part: types are exact.
DO $seed$
DECLARE
  who record;
BEGIN
  SET LOCAL search_path = public, pg_temp;
  DELETE FROM public.governance_object_ownership WHERE created_by::text = 'PROD_OWNERSHIP_SEED_2026-06-03';
  SET LOCAL search_path = pg_catalog, pg_temp;
EXCEPTION WHEN lock_not_available THEN
  EXECUTE current_setting('one_roof.locked') INTO who USING SQLERRM, 'ROWS governance_object_ownership';
  RAISE lock_not_available USING MESSAGE = who.said, HINT = who.hint;
END
$seed$;
