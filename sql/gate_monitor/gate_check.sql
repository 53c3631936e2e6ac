-- The gate monitor: may the rollout start? Reads only, and never aborts.
--
-- Returns one row: verdict READY or BLOCKED, and in blockers every stop gate of Tier 0 that does not hold, as
-- "<gate>: <blocker>;", with what a reading tells beside its value in parentheses. A reading that cannot be taken (relation
-- or column missing, hidden by a privilege or by row security) blocks as "unknown". The ratified request is judged only where
-- the setting one_roof.ratified_apr names one; rights are those of this login, or of the role that one_roof.executor names.
-- Settings: one_roof.database (default directus), one_roof.ratified_apr, one_roof.executor.

\set QUIET on
-- Names and operators are PostgreSQL's own, whatever a role or a database has set.
SET search_path = pg_catalog, pg_temp;
SET one_roof.watching = on;
\ir ../common/objects.sql
\ir ../common/agencies.sql
\ir ../common/readings.sql

WITH listed AS (
  SELECT row_number() OVER () AS position, entry.*
  FROM (VALUES
    ('database', '=', coalesce(nullif(current_setting('one_roof.database', true), ''), 'directus'),
      'database', 'database<>' || coalesce(nullif(current_setting('one_roof.database', true), ''), 'directus')),
    ('server_version', '>=', '150000', 'server_version', 'server_version<150000'),
    ('ospa', '>=', '1', 'ospa', 'ospa<1'),
    ('ospa_valid', '=', 'approved', 'ospa_valid', 'ospa_valid<>approved'),
    ('ratified_request', '=', 'approved', 'ratified_request', 'ratified_request<>approved'),
    ('prerequisite_views', '=', '5', 'prereq', 'prereq<>5'),
    ('axis_objects', '=', '0', 'axis', 'axis_present'),
    ('ownership_gap', '=', '210', 'gap', 'gap<>210'),
    ('ownership_rows', '=', '0', 'own', 'own<>0'),
    ('ownership_conflict', '=', '0', 'conflict', 'conflict<>0'),
    ('governance_outbox', '=', '0', 'emit', 'emit<>0'),
    ('active_event_types', '=', '0', 'event_types_active', 'event_types_active<>0'),
    ('idle_in_the_way_over_5s', '=', '0', 'idle_in_the_way_over_5s', 'idle_in_the_way_over_5s<>0'),
    ('server_writable', '=', 'yes', 'server_writable', 'server_writable<>yes'),
    ('missing_rights', '=', 'none', 'missing_rights', 'missing_rights<>none'),
    ('columns_missing', '=', 'none', 'columns_missing', 'columns_missing<>none'),
    ('agencies_missing', '=', 'none', 'agencies_missing', 'agencies_missing<>none'),
    ('mapped_labels_inactive', '=', '0', 'mapped_labels_inactive', 'mapped_labels_inactive<>0'),
    ('rule_labels_unknown', '=', 'none', 'rule_labels_unknown', 'rule_labels_unknown<>none'),
    ('orphan_labels', '=', '0', 'orphan_labels', 'orphan_labels<>0')
  ) AS entry (gate, operator, expected, subject, blocker)
  WHERE entry.gate <> 'ratified_request' OR nullif(current_setting('one_roof.ratified_apr', true), '') IS NOT NULL
), known AS (
  SELECT alias, position, btrim(name) AS reading, paragraph, substring(paragraph FROM position(':' IN paragraph) + 1) AS query
  FROM regexp_split_to_table(current_setting('one_roof.readings'), '\n\s*\n') WITH ORDINALITY AS given (paragraph, position)
  CROSS JOIN LATERAL regexp_split_to_table(split_part(btrim(paragraph, E'\n '), ':', 1), ',') WITH ORDINALITY AS named (name, alias)
  WHERE btrim(paragraph, E'\n ') ~ '^\w'
), judged AS (
  -- A reading needs every relation of schema public in its query, and the columns in its lines `needs`.
  SELECT known.*, NOT EXISTS (
    SELECT
    FROM (
      SELECT found[1] AS name, '' AS attribute FROM regexp_matches(known.query, '\mpublic\.(\w+)', 'g') AS found
      UNION
      SELECT split_part(column_name, '.', 1), split_part(column_name, '.', 2)
      FROM regexp_matches(known.paragraph, '-- needs: ([^\n]+)', 'g') AS line
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
  FROM known
), measured AS (
  SELECT listed.*, (xpath('/table/row/*/text()', taken.xml))[1]::text AS value, (xpath('/table/row/told/text()', taken.xml))[1]::text AS told
  FROM listed
  LEFT JOIN judged ON judged.reading = listed.gate
  CROSS JOIN LATERAL (SELECT CASE WHEN judged.readable THEN query_to_xml(judged.query, false, false, '') END AS xml OFFSET 0) AS taken
), blocking AS (
  SELECT position,
         format('%s: %s%s;', gate, CASE WHEN value IS NULL THEN subject || ' unknown' ELSE blocker END, ' (' || told || ')') AS text
  FROM measured
  WHERE CASE operator
          WHEN '=' THEN value = expected
          WHEN '>=' THEN value::numeric >= expected::numeric
        END IS NOT TRUE
)
SELECT
  CASE WHEN count(*) = 0 THEN 'READY' ELSE 'BLOCKED' END AS verdict,
  coalesce(string_agg(text, ' ' ORDER BY position), '') AS blockers
FROM blocking;
