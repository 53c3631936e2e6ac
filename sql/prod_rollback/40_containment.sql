-- Rollback of Tier 4: deletes the containment axis with its values, rule, assignments and owners, by their tag
-- PROD_containment_2026-06-03. Needs Tiers 6 and 5 rolled back.
-- Where there is nothing to roll back it passes and changes nothing.

BEGIN;

-- Ground: names resolve in public only, hidden rows are an error, waits are bounded, one rollout runs at a time.
DO $ground$
DECLARE
  holder text;
BEGIN
  PERFORM set_config('search_path', 'public, pg_temp', true);
  PERFORM set_config('row_security', 'off', true);
  PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('one_roof.lock_timeout', true), ''), '500ms'), true);
  PERFORM set_config('statement_timeout', coalesce(nullif(current_setting('one_roof.statement_timeout', true), ''), '30s'), true);

  IF NOT pg_try_advisory_xact_lock(1330795077, 1) THEN
    SELECT format('pid %s, user %s, application %s, state %s, last query started %s',
             held.pid, session.usename, session.application_name, session.state, session.query_start)
      INTO holder
      FROM pg_locks AS held
      LEFT JOIN pg_stat_activity AS session ON session.pid = held.pid
     WHERE held.locktype = 'advisory' AND held.classid = 1330795077 AND held.objid = 1 AND held.objsubid = 2 AND held.granted
       AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database());
    RAISE EXCEPTION 'Rollback of tier 4 (containment): another session holds the rollout lock: %',
      coalesce(holder, 'it has just ended')
      USING ERRCODE = 'OR003', HINT = 'Nothing was changed. Wait until that session has ended, then run this file again.';
  END IF;
END
$ground$;

-- Stop gates at entry: each is measured and reported, then one exception names all that failed. What cannot be measured fails.
DO $entry$
DECLARE
  tier     CONSTANT text := 'Rollback of tier 4 (containment)';
  section  CONSTANT text := 'entry';
  advice   CONSTANT text :=
    'Nothing was changed: this rollback was undone whole. Roll back in the order 6, 5, 4, 3, 2, 1; put right what is '
    'listed, then run it again.';
  gate     record;
  measured text;
  readings text[] := '{}';
  failed   text[] := '{}';
  reasons  text[] := '{}';
  details  text[] := '{}';
BEGIN
  FOR gate IN
    SELECT *
    FROM (VALUES
      ('database', '=', coalesce(nullif(current_setting('one_roof.database', true), ''), 'directus'),
        $q$ SELECT current_database() $q$),
      ('later_tier_rows', '=', '0',
        $q$ SELECT coalesce(sum((xpath('/row/n/text()', query_to_xml(
              format('SELECT count(*) AS n FROM public.%I WHERE %s', relation, condition), false, true, '')))[1]::text::bigint), 0)
            FROM (VALUES
                ('axis_registry', 'created_by = ''PROD_topic_2026-06-03'''),
                ('axis_value', 'tag = ''PROD_topic_2026-06-03'''),
                ('coverage_rule', 'tag = ''PROD_topic_2026-06-03'''),
                ('axis_assignment', 'tag = ''PROD_topic_2026-06-03'''),
                ('axis_object_ownership', 'tag = ''PROD_topic_2026-06-03'''),
                ('topic_taxonomy_map', 'tag = ''PROD_topic_2026-06-03'''),
                ('topic_label_reconcile_decision', 'tag = ''PROD_topic_2026-06-03'''),
                ('governance_drift_state', 'true'),
                ('governance_scan_run', 'true'),
                ('governance_event_log', 'true'),
                ('axis_candidate_finding', 'true')
            ) AS seeded (relation, condition)
            WHERE to_regclass('public.' || relation) IS NOT NULL $q$)
    ) AS gates (name, operator, expected, query)
  LOOP
    BEGIN
      EXECUTE gate.query INTO measured;
    EXCEPTION WHEN undefined_table OR undefined_column OR undefined_function OR undefined_object
                OR insufficient_privilege OR invalid_schema_name THEN
      measured := NULL;
    END;
    RAISE NOTICE 'gate % %: expected % %, measured %',
      section, gate.name, gate.operator, gate.expected, coalesce(measured, 'NULL')
      USING ERRCODE = 'OR000', SCHEMA = 'one_roof', TABLE = section, CONSTRAINT = gate.name,
            COLUMN = gate.operator || ' ' || gate.expected, DATATYPE = coalesce(measured, 'NULL');
    readings := readings || format('%s %s', gate.name, coalesce(measured, 'NULL'));
    IF (CASE gate.operator
          WHEN '=' THEN measured = gate.expected
          WHEN '>=' THEN measured::numeric >= gate.expected::numeric
          WHEN 'in' THEN measured = ANY (string_to_array(gate.expected, ','))
        END) IS NOT TRUE THEN
      failed := failed || gate.name;
      reasons := reasons || format('%s expected %s %s, measured %s',
        gate.name, gate.operator, gate.expected, coalesce(measured, 'NULL'));
      details := details || format('%s: want %s %s, have %s',
        gate.name, gate.operator, gate.expected, coalesce(measured, 'NULL'));
    END IF;
  END LOOP;
  PERFORM set_config('one_roof.measured', array_to_string(readings, ', '), true);
  IF cardinality(failed) > 0 THEN
    RAISE EXCEPTION '% %: % of % stop gates failed: %',
      tier, section, cardinality(failed), cardinality(readings), array_to_string(reasons, '; ')
      USING ERRCODE = 'OR001', SCHEMA = 'one_roof', TABLE = section, CONSTRAINT = array_to_string(failed, ','),
            DETAIL = array_to_string(details, E'\n'), HINT = advice;
  END IF;
END
$entry$;

-- Everything that carries the tag, what refers to other rows first. Rows of others that refer to these stop it here.
DO $work$
DECLARE
  seeded record;
BEGIN
  FOR seeded IN
    SELECT *
    FROM (VALUES
      ('axis_object_ownership', 'tag'),
      ('axis_assignment', 'tag'),
      ('coverage_rule', 'tag'),
      ('axis_value', 'tag'),
      ('axis_registry', 'created_by')
    ) AS seed (relation, tag_column)
  LOOP
    IF to_regclass('public.' || seeded.relation) IS NOT NULL THEN
      EXECUTE format('DELETE FROM public.%I WHERE %I = %L', seeded.relation, seeded.tag_column, 'PROD_containment_2026-06-03');
    END IF;
  END LOOP;
END
$work$;

-- The ledger, where there is one, no longer calls this tier applied.
DO $ledger$
BEGIN
  IF to_regclass('one_roof_rollout.ledger') IS NOT NULL THEN
    EXECUTE 'DELETE FROM one_roof_rollout.ledger WHERE tier = 4';
  END IF;
END
$ledger$;

-- Stop gates at exit: what this file wrote must measure as expected, or none of it is kept.
DO $exit$
DECLARE
  tier     CONSTANT text := 'Rollback of tier 4 (containment)';
  section  CONSTANT text := 'exit';
  advice   CONSTANT text :=
    'Nothing was changed: this rollback was undone whole. Put right what is listed, then run it again.';
  gate     record;
  measured text;
  readings text[] := '{}';
  failed   text[] := '{}';
  reasons  text[] := '{}';
  details  text[] := '{}';
BEGIN
  FOR gate IN
    SELECT *
    FROM (VALUES
      ('tier_rows', '=', '0',
        $q$ SELECT coalesce(sum((xpath('/row/n/text()', query_to_xml(
              format('SELECT count(*) AS n FROM public.%I WHERE %s', relation, condition), false, true, '')))[1]::text::bigint), 0)
            FROM (VALUES
                ('axis_registry', 'created_by = ''PROD_containment_2026-06-03'''),
                ('axis_value', 'tag = ''PROD_containment_2026-06-03'''),
                ('coverage_rule', 'tag = ''PROD_containment_2026-06-03'''),
                ('axis_assignment', 'tag = ''PROD_containment_2026-06-03'''),
                ('axis_object_ownership', 'tag = ''PROD_containment_2026-06-03''')
            ) AS seeded (relation, condition)
            WHERE to_regclass('public.' || relation) IS NOT NULL $q$)
    ) AS gates (name, operator, expected, query)
  LOOP
    BEGIN
      EXECUTE gate.query INTO measured;
    EXCEPTION WHEN undefined_table OR undefined_column OR undefined_function OR undefined_object
                OR insufficient_privilege OR invalid_schema_name THEN
      measured := NULL;
    END;
    RAISE NOTICE 'gate % %: expected % %, measured %',
      section, gate.name, gate.operator, gate.expected, coalesce(measured, 'NULL')
      USING ERRCODE = 'OR000', SCHEMA = 'one_roof', TABLE = section, CONSTRAINT = gate.name,
            COLUMN = gate.operator || ' ' || gate.expected, DATATYPE = coalesce(measured, 'NULL');
    readings := readings || format('%s %s', gate.name, coalesce(measured, 'NULL'));
    IF (CASE gate.operator
          WHEN '=' THEN measured = gate.expected
          WHEN '>=' THEN measured::numeric >= gate.expected::numeric
          WHEN 'in' THEN measured = ANY (string_to_array(gate.expected, ','))
        END) IS NOT TRUE THEN
      failed := failed || gate.name;
      reasons := reasons || format('%s expected %s %s, measured %s',
        gate.name, gate.operator, gate.expected, coalesce(measured, 'NULL'));
      details := details || format('%s: want %s %s, have %s',
        gate.name, gate.operator, gate.expected, coalesce(measured, 'NULL'));
    END IF;
  END LOOP;
  PERFORM set_config('one_roof.measured', array_to_string(readings, ', '), true);
  IF cardinality(failed) > 0 THEN
    RAISE EXCEPTION '% %: % of % stop gates failed: %',
      tier, section, cardinality(failed), cardinality(readings), array_to_string(reasons, '; ')
      USING ERRCODE = 'OR001', SCHEMA = 'one_roof', TABLE = section, CONSTRAINT = array_to_string(failed, ','),
            DETAIL = array_to_string(details, E'\n'), HINT = advice;
  END IF;
END
$exit$;

SELECT format('TIER 4 ROLLBACK PASS: %s', current_setting('one_roof.measured')) AS tier_4;

COMMIT;
