-- Judges one_roof.gates before anything is written, then notes what is there, so that the exit gates can tell exactly
-- what this file wrote.

SET LOCAL one_roof.section = 'entry';
\ir gates.sql

-- Rows that this transaction has written so far, the files behind the tables, and the rows that are this tier's own.
-- From here to the exit gates only warnings are news: on a second run everything exists already.
DO $at_entry$
DECLARE
  seed record;
  who  record;
  rows bigint;
  own  jsonb := '{}';
BEGIN
  FOR seed IN
    SELECT relation, string_agg(format('(%s)', condition), ' OR ') AS condition
    FROM (
      SELECT word[1]::integer AS tier, word[2] AS relation, word[3] AS condition
      FROM regexp_split_to_table(current_setting('one_roof.seeds'), '\n') AS line
      CROSS JOIN LATERAL regexp_match(btrim(line), '^(\d+) (\w+) +(.+)$') AS word
      WHERE btrim(line) <> ''
    ) AS listed
    WHERE tier = substring(current_setting('one_roof.step') FROM 'Tier (\d+)')::integer
       OR current_setting('one_roof.step') !~ 'Tier \d'
    GROUP BY relation
  LOOP
    IF to_regclass('public.' || seed.relation) IS NOT NULL THEN
      EXECUTE format('SELECT count(*) FROM public.%I WHERE %s', seed.relation, seed.condition) INTO rows;
      own := own || jsonb_build_object(seed.relation, jsonb_build_object('rows', rows, 'condition', seed.condition));
    END IF;
  END LOOP;

  -- Counters are asked one by one: the view over them reads every index of the database too.
  PERFORM set_config('one_roof.at_entry', (
    SELECT jsonb_build_object(
      'own', own,
      'written', coalesce(jsonb_object_agg(relid, jsonb_build_array(inserted, updated, deleted))
                   FILTER (WHERE inserted + updated + deleted > 0), '{}'),
      'files', jsonb_object_agg(name, file) FILTER (WHERE name !~ '^one_roof_rollout\.'))
    FROM (
      SELECT class.oid AS relid, space.nspname || '.' || class.relname AS name, pg_relation_filenode(class.oid) AS file,
             pg_stat_get_xact_tuples_inserted(class.oid) AS inserted, pg_stat_get_xact_tuples_updated(class.oid) AS updated,
             pg_stat_get_xact_tuples_deleted(class.oid) AS deleted
      FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
      WHERE class.relkind IN ('r', 'm', 'p') AND space.nspname <> ALL (ARRAY['pg_catalog', 'information_schema'])
    ) AS counted
  )::text, true);

  PERFORM set_config('one_roof.messages', current_setting('client_min_messages'), true);
  SET LOCAL client_min_messages = warning;
EXCEPTION WHEN lock_not_available THEN
  EXECUTE current_setting('one_roof.locked') INTO who USING SQLERRM, 'ACCESS SHARE';
  RAISE lock_not_available USING MESSAGE = who.said, HINT = who.hint;
END
$at_entry$;
