-- The probe: every reading of the rollout as one row (reading, value, told), in one pure SELECT over the list of readings.
--
-- told names, where a reading does, what its value counts and what it leaves out; the value alone is judged and kept.
-- A reading whose relation or column is missing, or hidden from this login by a privilege or by row security, is NULL
-- and never an error; a stop gate takes NULL as a stop. Reads the setting one_roof.ratified_apr; writes nothing.
-- Run it at entry, in the middle and at exit of a rollout and compare.

\set QUIET on
-- Names and operators are PostgreSQL's own, whatever a role or a database has set.
SET search_path = pg_catalog, pg_temp;
\ir ../common/objects.sql
\ir ../common/agencies.sql
\ir ../common/readings.sql

WITH listed AS (
  SELECT alias, position, btrim(name) AS reading, paragraph, substring(paragraph FROM position(':' IN paragraph) + 1) AS query
  FROM regexp_split_to_table(current_setting('one_roof.readings'), '\n\s*\n') WITH ORDINALITY AS given (paragraph, position)
  CROSS JOIN LATERAL regexp_split_to_table(split_part(btrim(paragraph, E'\n '), ':', 1), ',') WITH ORDINALITY AS named (name, alias)
  WHERE btrim(paragraph, E'\n ') ~ '^\w'
), judged AS (
  -- A reading needs every relation of schema public in its query, and the columns in its lines `needs`.
  SELECT listed.*, NOT EXISTS (
    SELECT
    FROM (
      SELECT found[1] AS name, '' AS attribute FROM regexp_matches(listed.query, '\mpublic\.(\w+)', 'g') AS found
      UNION
      SELECT split_part(column_name, '.', 1), split_part(column_name, '.', 2)
      FROM regexp_matches(listed.paragraph, '-- needs: ([^\n]+)', 'g') AS line
      CROSS JOIN LATERAL regexp_split_to_table(line[1], '\s+') AS column_name
    ) AS need
    WHERE NOT EXISTS (
      SELECT
      FROM pg_class AS relation
      WHERE relation.relnamespace = to_regnamespace('public')
        AND relation.relname = need.name
        AND relation.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND has_schema_privilege(relation.relnamespace, 'USAGE')
        AND has_table_privilege(relation.oid, 'SELECT')
        AND NOT row_security_active(relation.oid)
        AND (need.attribute = '' OR EXISTS (
          SELECT FROM pg_attribute AS attribute
          WHERE attribute.attrelid = relation.oid AND attribute.attname = need.attribute AND NOT attribute.attisdropped))
    )
  ) AS readable
  FROM listed
)
SELECT
  reading,
  (xpath('/table/row/*/text()', measured))[1]::text AS value,
  (xpath('/table/row/told/text()', measured))[1]::text AS told
FROM judged
-- Once for both columns; and by its name, so that whoever asks for some readings does not wait for all.
CROSS JOIN LATERAL (SELECT CASE WHEN readable AND reading <> '' THEN query_to_xml(query, false, false, '') END AS measured OFFSET 0) AS taken
ORDER BY alias, position;
