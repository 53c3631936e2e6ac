-- Judges one_roof.gates before anything is written, then notes what is there, so that the exit gates can tell exactly
-- what this file wrote.

SET LOCAL one_roof.section = 'entry';
\ir gates.sql

-- Rows that this transaction has written so far, the files behind the tables, and the rows that are this tier's own.
-- From here to the exit gates only warnings are news: on a second run everything exists already.
DO $at_entry$
DECLARE
  seed record;
  rows bigint;
  own  jsonb := '{}';
BEGIN
  FOR seed IN
    SELECT relation, string_agg(format('(%s)', condition), ' OR ') AS condition
    FROM (
      SELECT word[1]::integer AS tier, word[2] AS relation, word[3] AS condition
      FROM regexp_split_to_table(current_setting('one_roof.seeds'), '\n') AS line
      CROSS JOIN LATERAL regexp_match(btrim(line), '^(\d) (\w+) +(.+)$') AS word
      WHERE btrim(line) <> ''
    ) AS listed
    WHERE tier = substring(current_setting('one_roof.step') FROM 'Tier (\d)')::integer
       OR current_setting('one_roof.step') !~ 'Tier \d'
    GROUP BY relation
  LOOP
    IF to_regclass('public.' || seed.relation) IS NOT NULL THEN
      EXECUTE format('SELECT count(*) FROM public.%I WHERE %s', seed.relation, seed.condition) INTO rows;
      own := own || jsonb_build_object(seed.relation, jsonb_build_object('rows', rows, 'condition', seed.condition));
    END IF;
  END LOOP;

  PERFORM set_config('one_roof.at_entry', jsonb_build_object(
    'own', own,
    'written', (SELECT coalesce(jsonb_object_agg(relid, jsonb_build_array(n_tup_ins, n_tup_upd, n_tup_del)), '{}')
                FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0),
    'files', (SELECT jsonb_object_agg(schemaname || '.' || relname, pg_relation_filenode(relid))
              FROM pg_stat_xact_user_tables WHERE schemaname <> 'one_roof_rollout')
  )::text, true);

  PERFORM set_config('one_roof.messages', current_setting('client_min_messages'), true);
  SET LOCAL client_min_messages = warning;
END
$at_entry$;
