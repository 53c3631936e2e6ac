-- Deletes the ownership seed of Tier 3 by its tag, and nothing that others wrote.
--
-- Triggers of the application fire on its own table, and find their tables where they always do. What stands in schema
-- public beside them cannot take part: types are exact.
SET LOCAL search_path = public, pg_temp;
DO $seed$
BEGIN
  DELETE FROM public.governance_object_ownership WHERE created_by::text = 'PROD_OWNERSHIP_SEED_2026-06-03';
EXCEPTION WHEN lock_not_available THEN
  EXECUTE pg_catalog.replace(pg_catalog.current_setting('one_roof.locked'), '{wanted}', 'ROWS governance_object_ownership');
  RAISE lock_not_available USING MESSAGE = coalesce(nullif(current_setting('one_roof.locked_by'), ''), SQLERRM),
    HINT = current_setting('one_roof.locked_hint');
END
$seed$;
SET LOCAL search_path = pg_catalog, pg_temp;
