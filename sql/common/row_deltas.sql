-- Tells in one_roof.row_deltas what this file wrote otherwise than declared; `as declared` where there is nothing to tell.
-- The server's own counters see every row that the transaction wrote, by triggers, rules and cascades too; the files
-- behind the tables show what they do not see, TRUNCATE. A tier that finds its own rows already there inserts the rest.
DO $row_deltas$
DECLARE
  at_entry jsonb := nullif(current_setting('one_roof.at_entry', true), '')::jsonb;
  -- Taken out once: with thousands of tables each look into the whole would copy it.
  written_before CONSTANT jsonb := at_entry -> 'written';
  files_before   CONSTANT jsonb := at_entry -> 'files';
  accepted CONSTANT boolean := current_setting('one_roof.others_accepted', true) = 'yes';
  written  record;
  own      bigint;
  found    text[] := '{}';
BEGIN
  IF at_entry IS NULL THEN RETURN; END IF;
  IF current_setting('track_counts') <> 'on' THEN
    found := found || 'unknown, because track_counts is off'::text;
  END IF;

  FOR written IN
    WITH declared AS (
      SELECT coalesce(word[1], btrim(line)) AS name, word[2] = '-own' AS takes_back, word[3]::bigint AS at_least, coalesce(word[4], word[3])::bigint AS at_most
      FROM regexp_split_to_table(current_setting('one_roof.delta'), '\n') AS line
      CROSS JOIN LATERAL regexp_match(btrim(line), '^(\w+) +(-own|\+(\d+)(?:\.\.(\d+))?)$') AS word
      WHERE btrim(line) <> ''
    ), counted AS (
      SELECT space.nspname AS schemaname, class.relname AS name,
             pg_stat_get_xact_tuples_inserted(class.oid) - coalesce((written_before -> class.oid::text ->> 0)::bigint, 0) AS inserted,
             pg_stat_get_xact_tuples_updated(class.oid) - coalesce((written_before -> class.oid::text ->> 1)::bigint, 0) AS updated,
             pg_stat_get_xact_tuples_deleted(class.oid) - coalesce((written_before -> class.oid::text ->> 2)::bigint, 0) AS deleted,
             files_before ->> (space.nspname || '.' || class.relname) <> pg_relation_filenode(class.oid)::text AS rewritten
      FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
      WHERE class.relkind IN ('r', 'm', 'p') AND space.nspname <> ALL (ARRAY['pg_catalog', 'information_schema', 'one_roof_rollout'])
    )
    SELECT CASE counted.schemaname WHEN 'public' THEN '' ELSE counted.schemaname || '.' END || coalesce(counted.name, declared.name) AS name,
           declared.name IS NOT NULL AS is_declared, takes_back, at_least, at_most, inserted, updated, deleted,
           coalesce(rewritten, false) AS rewritten,
           to_regclass('public.' || declared.name) IS NOT NULL AS is_there,
           coalesce((at_entry -> 'own' -> declared.name ->> 'rows')::bigint, 0) AS own_before,
           coalesce(at_entry -> 'own' -> declared.name ->> 'condition', 'true') AS condition
    FROM declared
    FULL JOIN counted ON counted.schemaname = 'public' AND counted.name = declared.name
    WHERE declared.name IS NOT NULL OR inserted + updated + deleted <> 0 OR rewritten
    ORDER BY 1
  LOOP
    own := 0;
    IF written.is_declared AND written.is_there THEN
      EXECUTE format('SELECT count(*) FROM public.%I WHERE %s', written.name, written.condition) INTO own;
    END IF;

    IF (CASE
         WHEN NOT written.is_declared THEN written.inserted + written.updated + written.deleted = 0 AND NOT written.rewritten
         WHEN NOT written.is_there THEN written.takes_back
         WHEN written.updated > 0 THEN false
         WHEN written.takes_back THEN written.inserted = 0 AND own = 0
           AND (written.deleted = written.own_before OR written.rewritten OR accepted)
         ELSE written.deleted = 0 AND NOT written.rewritten AND own = written.own_before + written.inserted
           AND (own BETWEEN written.at_least AND written.at_most OR written.own_before > 0 AND written.inserted = 0)
        END) IS NOT TRUE
    THEN
      found := found || format('%s: %s inserted, %s updated, %s deleted%s, %s', written.name, written.inserted, written.updated,
        written.deleted, CASE WHEN written.rewritten THEN ', truncated or rewritten' END,
        CASE
          WHEN NOT written.is_declared THEN 'none declared'
          WHEN written.takes_back THEN format('%s to be deleted, %s of them left', written.own_before, own)
          ELSE format('%s to be there, %s were and %s are',
            CASE WHEN written.at_least = written.at_most THEN written.at_least::text
                 ELSE format('%s to %s', written.at_least, written.at_most) END, written.own_before, own)
        END);
    END IF;
  END LOOP;

  -- Tables that are gone, but for those that this rollout made: the structure's own rollback drops them.
  found := found || ARRAY(
    SELECT format('%s: dropped', file.name)
    FROM jsonb_object_keys(files_before) AS file (name)
    -- Not to_regclass, which fails in a schema of others that this role may not use.
    WHERE NOT EXISTS (
      SELECT FROM pg_class AS class JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
      WHERE namespace.nspname || '.' || class.relname = file.name)
      AND current_setting('one_roof.objects') !~ ('\mtable +' || regexp_replace(file.name, '^public\.', '') || '\M')
    ORDER BY 1);
  PERFORM set_config('one_roof.row_deltas', coalesce(nullif(array_to_string(found, '; '), ''), 'as declared'), true);
END
$row_deltas$;
