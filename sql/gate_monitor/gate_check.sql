-- The gate monitor: may the rollout start, or go on? Reads only, and never aborts.
--
-- Returns one row. READY, or BLOCKED with every stop gate of Tier 0 that does not hold, where nothing of the rollout stands;
-- ROLLED OUT where every tier that writes does; and in between PARTLY ROLLED OUT with the tiers that stand, and READY or BLOCKED
-- for the entry gates of the next one. A tier stands if all of its objects are there, or any row that it seeds. A blocker reads
-- "<gate>: <blocker>;", with what a reading tells beside its value in parentheses. A reading that cannot be taken (relation
-- or column missing, hidden by a privilege or by row security) blocks as "unknown", and the ratified request as "not named" where
-- the setting one_roof.ratified_apr names none. Rights are those of this login, or of the role that one_roof.executor names.
-- What only Pulumi knows (release, ledger, drift, roles) is judged by `npm run gate`.
-- Settings: one_roof.database (default directus), one_roof.ratified_apr, one_roof.executor.

\set QUIET on
-- Names and operators are PostgreSQL's own, whatever a role or a database has set.
SET search_path = pg_catalog, pg_temp;
SET one_roof.watching = on;
\ir ../common/objects.sql
\ir ../common/agencies.sql
\ir ../common/readings.sql

-- What each tier demands before its first write, as its file does: Tier 0 where nothing stands, else the next one.
SET one_roof.monitored = $monitored$
  0 database                    =  {database}
  0 server_version              >= 150000
  0 ospa                        >= 1
  0 ospa_valid                  =  approved
  0 ratified_request            =  approved
  0 prerequisite_views          =  5
  0 axis_objects                =  0
  0 ownership_gap               =  210
  0 ownership_rows              =  0
  0 ownership_conflict          =  0
  0 governance_outbox           =  0
  0 active_event_types          =  0
  0 idle_in_the_way_over_5s     =  0
  0 server_writable             =  yes
  0 missing_rights              =  none
  0 columns_missing             =  none
  0 agencies_missing            =  none
  0 mapped_labels_inactive      =  0
  0 rule_labels_unknown         =  none
  0 orphan_labels               =  0

  1 database                    =  {database}
  1 ospa                        >= 1
  1 ospa_valid                  =  approved
  1 prerequisite_views          =  5
  1 axis_objects                in 0,43
  1 structure                   in not there,as defined

  2 database                    =  {database}
  2 ospa                        >= 1
  2 ospa_valid                  =  approved
  2 axis_objects                =  43
  2 structure                   =  as defined
  2 foreign_privileges          =  none
  2 others_rows                 =  none

  3 database                    =  {database}
  3 ospa                        >= 1
  3 ospa_valid                  =  approved
  3 ratified_request            =  approved
  3 responsibility_required     =  210
  3 ownership_gap               =  210
  3 ownership_rows              =  0
  3 ownership_conflict          =  0

  4 database                    =  {database}
  4 ospa                        >= 1
  4 ospa_valid                  =  approved
  4 ownership_seeded            =  30
  4 group_owners_ambiguous      =  none
  4 others_rows                 =  none

  5 database                    =  {database}
  5 ospa                        >= 1
  5 ospa_valid                  =  approved
  5 containment_required        =  35
  5 mapped_labels_inactive      =  0
  5 rule_labels_unknown         =  none
  5 group_owners_ambiguous      =  none
  5 others_rows                 =  none

  6 database                    =  {database}
  6 ospa                        >= 1
  6 ospa_valid                  =  approved
  6 active_axes                 =  3
$monitored$;

-- Which tiers stand. \gset keeps the row out of the answer.
WITH seed AS (
  SELECT word[1] AS tier, word[2] AS relation, word[3] AS condition
  FROM regexp_matches(current_setting('one_roof.seeds'), '(\d) (\w+) +([^\n]+)', 'g') AS word
), taken AS (
  -- A row that this login may not read does not stand for it.
  SELECT seed.tier, query_to_xml(
    format('SELECT EXISTS (SELECT FROM public.%I WHERE %s) AS yes', seed.relation, seed.condition), false, true, '') AS answer
  FROM seed
  JOIN pg_class AS relation ON relation.relname = seed.relation AND relation.relnamespace = to_regnamespace('public')
  WHERE relation.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND CASE WHEN has_schema_privilege(relation.relnamespace, 'USAGE') THEN has_table_privilege(relation.oid, 'SELECT') END
    AND NOT row_security_active(relation.oid)
    AND (seed.condition = 'true' OR EXISTS (
      SELECT FROM pg_attribute AS attribute
      WHERE attribute.attrelid = relation.oid AND attribute.attname = split_part(seed.condition, ' ', 1) AND NOT attribute.attisdropped))
  OFFSET 0
), standing AS (
  SELECT tier FROM taken WHERE (xpath('/row/yes/text()', answer))[1]::text = 'true'
  UNION
  SELECT '1'
  WHERE (xpath('/row/count/text()', query_to_xml(
    split_part(split_part(current_setting('one_roof.readings'), E'\naxis_objects:', 2), E'\n\n', 1), false, true, '')))[1]::text = '43'
), next AS (
  SELECT min(tier) AS tier FROM regexp_matches(current_setting('one_roof.monitored'), '\n  ([1-9]) ', 'g') AS word
  CROSS JOIN LATERAL (SELECT word[1] AS tier) AS known
  WHERE tier NOT IN (SELECT tier FROM standing)
), reached AS (
  SELECT coalesce((SELECT string_agg(tier, ', ' ORDER BY tier) FROM standing), '') AS tiers,
         coalesce((SELECT tier FROM next), '') AS next
)
SELECT set_config('one_roof.standing', tiers, false) AS standing,
       set_config('one_roof.next', CASE tiers WHEN '' THEN '0' ELSE next END, false) AS next,
       -- Rows of others count on the axis that the tier is about to seed, and on no other.
       set_config('one_roof.axis', CASE next WHEN '2' THEN 'responsibility' WHEN '4' THEN 'containment' WHEN '5' THEN 'topic' ELSE '' END, false) AS axis
FROM reached \gset one_roof_

WITH listed AS (
  SELECT position, word[2] AS gate, word[3] AS operator, replace(word[4], '{database}', named.database) AS expected,
         coalesce(short.subject, word[2]) AS subject, short.blocker
  FROM regexp_split_to_table(current_setting('one_roof.monitored'), '\n') WITH ORDINALITY AS given (line, position)
  CROSS JOIN LATERAL regexp_match(line, '^ +(\d) (\w+) +(=|>=|in) +(\S.*)$') AS word
  CROSS JOIN (SELECT coalesce(nullif(current_setting('one_roof.database', true), ''), 'directus') AS database) AS named
  LEFT JOIN (VALUES
    ('prerequisite_views', 'prereq', NULL),
    ('axis_objects', 'axis', 'axis_present'),
    ('ownership_gap', 'gap', NULL),
    ('ownership_rows', 'own', NULL),
    ('ownership_conflict', 'conflict', NULL),
    ('governance_outbox', 'emit', NULL),
    ('active_event_types', 'event_types_active', NULL)
  ) AS short (gate, subject, blocker) ON short.gate = word[2] AND word[1] = '0'
  WHERE word[1] = current_setting('one_roof.next')
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
         format('%s: %s%s;', gate, CASE
           WHEN value IS NOT NULL THEN coalesce(blocker, subject || CASE operator WHEN '>=' THEN '<' ELSE '<>' END || expected)
           WHEN gate = 'ratified_request' AND coalesce(current_setting('one_roof.ratified_apr', true), '') = '' THEN gate || ' not named'
           ELSE subject || ' unknown' END, ' (' || told || ')') AS text
  FROM measured
  WHERE CASE operator
          WHEN '=' THEN value = expected
          WHEN '>=' THEN value::numeric >= expected::numeric
          WHEN 'in' THEN value = ANY (string_to_array(expected, ','))
        END IS NOT TRUE
), concluded AS (
  SELECT CASE WHEN count(*) = 0 THEN 'READY' ELSE 'BLOCKED' END AS word, coalesce(string_agg(text, ' ' ORDER BY position), '') AS blockers
  FROM blocking
)
SELECT
  CASE
    WHEN current_setting('one_roof.standing') = '' THEN word
    WHEN current_setting('one_roof.next') = '' THEN 'ROLLED OUT'
    ELSE 'PARTLY ROLLED OUT' END AS verdict,
  CASE WHEN current_setting('one_roof.standing') <> '' AND current_setting('one_roof.next') <> '' THEN
    format('%s %s; tier %s %s ', CASE WHEN current_setting('one_roof.standing') ~ ',' THEN 'tiers' ELSE 'tier' END,
      current_setting('one_roof.standing'), current_setting('one_roof.next'), word) ELSE '' END || blockers AS detail
FROM concluded;
