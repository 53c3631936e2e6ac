-- Full rollback: Tier 1's rollback, and that of everything above it.
--
-- Removes the ownership seed by its tag, the function, the 31 views, the 11 tables and the rollout's ledger.
-- Nothing is dropped with CASCADE: where an object of others depends on one of these, the rollback stops and changes
-- nothing. The 5 prerequisite views are never touched. On a database without One-Roof it passes and changes nothing.
-- Positions of existing sequences do not come back.
--
-- Settings: one_roof.database, one_roof.lock_timeout, one_roof.statement_timeout.

BEGIN;

-- ---------------------------------------------------------------------------------------------------------------
-- Ground: names resolve in public only, hidden rows are an error, waits are bounded, one rollout runs at a time.
-- ---------------------------------------------------------------------------------------------------------------
DO $ground$
DECLARE
  holder text;
BEGIN
  PERFORM set_config('search_path', 'public, pg_temp', true);
  PERFORM set_config('row_security', 'off', true);
  PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('one_roof.lock_timeout', true), ''), '500ms'), true);
  PERFORM set_config('statement_timeout', coalesce(nullif(current_setting('one_roof.statement_timeout', true), ''), '30s'), true);

  IF NOT pg_try_advisory_xact_lock(1330795077, 1) THEN
    SELECT format('pid %s, user %s, application %s, %s since %s',
                  lock.pid, session.usename, session.application_name, session.state, session.query_start)
      INTO holder
      FROM pg_locks AS lock
      LEFT JOIN pg_stat_activity AS session ON session.pid = lock.pid
     WHERE lock.locktype = 'advisory' AND lock.granted
       AND lock.classid = 1330795077 AND lock.objid = 1 AND lock.objsubid = 2
       AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database());
    RAISE EXCEPTION 'Full rollback (Tier 1): another session holds the rollout lock: %', coalesce(holder, 'it has just ended')
      USING ERRCODE = 'OR003', HINT = 'Nothing was changed. Wait until that session has ended, then run this file again.';
  END IF;
END
$ground$;

-- ---------------------------------------------------------------------------------------------------------------
-- Entry gate: the database alone. A withdrawn approval must not block the way back.
-- ---------------------------------------------------------------------------------------------------------------
DO $entry$
DECLARE
  tier     CONSTANT text := 'Full rollback (Tier 1)';
  section  CONSTANT text := 'entry';
  advice   CONSTANT text := 'Nothing was changed. Connect to the database that one_roof.database names.';
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
        $q$ SELECT current_database() $q$)
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

-- What is absent already is no news; the exit gates speak at the level the caller chose.
DO $quiet$
BEGIN
  PERFORM set_config('one_roof.messages', current_setting('client_min_messages'), true);
  SET LOCAL client_min_messages = warning;
END
$quiet$;

-- ---------------------------------------------------------------------------------------------------------------
-- The ownership seed of Tier 3. Rows of others stay.
-- ---------------------------------------------------------------------------------------------------------------
DELETE FROM governance_object_ownership WHERE created_by = 'PROD_OWNERSHIP_SEED_2026-06-03';

-- ---------------------------------------------------------------------------------------------------------------
-- The function, the views (31) and the tables (11), in reverse order of their creation.
-- ---------------------------------------------------------------------------------------------------------------
DROP FUNCTION IF EXISTS fn_governance_scan(text, text);

DROP VIEW IF EXISTS v_ui_coverage_dashboard;
DROP VIEW IF EXISTS v_ui_review_queue;
DROP VIEW IF EXISTS v_ui_detector_findings;
DROP VIEW IF EXISTS v_ui_lane;
DROP VIEW IF EXISTS v_ui_axis_browser;
DROP VIEW IF EXISTS v_ui_object_topic;
DROP VIEW IF EXISTS v_ui_topic_tree;
DROP VIEW IF EXISTS v_drift_issue_payload;
DROP VIEW IF EXISTS v_drift_summary;
DROP VIEW IF EXISTS v_drift_event_map;
DROP VIEW IF EXISTS v_drift_finding;
DROP VIEW IF EXISTS v_drift_coverage_rule_missing;
DROP VIEW IF EXISTS v_drift_ui_visible_unapproved;
DROP VIEW IF EXISTS v_drift_unregistered_axis;
DROP VIEW IF EXISTS v_drift_stale_candidate_value;
DROP VIEW IF EXISTS v_projection_lag_timing;
DROP VIEW IF EXISTS v_reconcile_summary;
DROP VIEW IF EXISTS v_reconcile_topic_projection_gap;
DROP VIEW IF EXISTS v_reconcile_collection_topic_vs_label;
DROP VIEW IF EXISTS v_reconcile_label_without_topic;
DROP VIEW IF EXISTS v_reconcile_topic_without_label;
DROP VIEW IF EXISTS v_reconcile_label_orphan;
DROP VIEW IF EXISTS v_axis_topic_parentage_conflict;
DROP VIEW IF EXISTS v_axis_issue_payload;
DROP VIEW IF EXISTS v_axis_coverage_summary;
DROP VIEW IF EXISTS v_axis_missing_assignment;
DROP VIEW IF EXISTS v_axis_registry_coverage;
DROP VIEW IF EXISTS v_axis_assignment_quality;
DROP VIEW IF EXISTS v_axis_coverage_gap;
DROP VIEW IF EXISTS v_axis_effective_owner;
DROP VIEW IF EXISTS v_axis_required_cell;

DROP TABLE IF EXISTS governance_event_log;
DROP TABLE IF EXISTS governance_drift_state;
DROP TABLE IF EXISTS governance_scan_run;
DROP TABLE IF EXISTS topic_label_reconcile_decision;
DROP TABLE IF EXISTS topic_taxonomy_map;
DROP TABLE IF EXISTS axis_candidate_finding;
DROP TABLE IF EXISTS axis_object_ownership;
DROP TABLE IF EXISTS coverage_rule;
DROP TABLE IF EXISTS axis_assignment;
DROP TABLE IF EXISTS axis_value;
DROP TABLE IF EXISTS axis_registry;

-- ---------------------------------------------------------------------------------------------------------------
-- The ledger, where the rollout was applied with one.
-- ---------------------------------------------------------------------------------------------------------------
DROP TABLE IF EXISTS one_roof_rollout.ledger;
DROP SCHEMA IF EXISTS one_roof_rollout;

-- ---------------------------------------------------------------------------------------------------------------
-- Exit gates: nothing of the rollout is left.
-- ---------------------------------------------------------------------------------------------------------------
DO $speak$
BEGIN
  PERFORM set_config('client_min_messages', current_setting('one_roof.messages'), true);
END
$speak$;

DO $exit$
DECLARE
  tier     CONSTANT text := 'Full rollback (Tier 1)';
  section  CONSTANT text := 'exit';
  advice   CONSTANT text := 'Nothing was changed: the transaction was rolled back. Find out which objects or rows are left, and whose they are.';
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
      ('axis_objects', '=', '0',
        $q$ SELECT count(DISTINCT name)
            FROM (SELECT relname AS name FROM pg_class
                  WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('i', 'I', 'S', 't')
                  UNION ALL
                  SELECT proname FROM pg_proc
                  WHERE pronamespace = 'public'::regnamespace AND proname = 'fn_governance_scan') AS present
            WHERE name = ANY (ARRAY[
              'axis_registry', 'axis_value', 'axis_assignment', 'coverage_rule', 'axis_object_ownership',
              'axis_candidate_finding', 'topic_taxonomy_map', 'topic_label_reconcile_decision', 'governance_scan_run',
              'governance_drift_state', 'governance_event_log',
              'v_axis_required_cell', 'v_axis_effective_owner', 'v_axis_coverage_gap', 'v_axis_assignment_quality',
              'v_axis_registry_coverage', 'v_axis_missing_assignment', 'v_axis_coverage_summary', 'v_axis_issue_payload',
              'v_axis_topic_parentage_conflict',
              'v_reconcile_label_orphan', 'v_reconcile_topic_without_label', 'v_reconcile_label_without_topic',
              'v_reconcile_collection_topic_vs_label', 'v_reconcile_topic_projection_gap', 'v_reconcile_summary',
              'v_drift_finding', 'v_drift_summary', 'v_drift_stale_candidate_value', 'v_drift_unregistered_axis',
              'v_drift_ui_visible_unapproved', 'v_drift_coverage_rule_missing',
              'v_projection_lag_timing', 'v_drift_event_map', 'v_drift_issue_payload',
              'v_ui_topic_tree', 'v_ui_object_topic', 'v_ui_axis_browser', 'v_ui_lane', 'v_ui_detector_findings',
              'v_ui_review_queue', 'v_ui_coverage_dashboard',
              'fn_governance_scan']) $q$),
      ('ownership_seeded', '=', '0',
        $q$ SELECT count(*) FROM governance_object_ownership WHERE created_by = 'PROD_OWNERSHIP_SEED_2026-06-03' $q$),
      -- What the inventory demands, less the cells that rows of others still own.
      ('ownership_gap', '=', (
          SELECT count(*)::text
          FROM (SELECT object.object_type::text, object.object_ref::text, scope.scope_code::text
                FROM v_governance_object_inventory AS object
                CROSS JOIN governance_responsibility_scope AS scope
                WHERE object.requires_owner AND object.born AND scope.status::text = 'active'
                EXCEPT
                SELECT object_type::text, object_ref::text, scope::text
                FROM v_object_effective_owner) AS unowned),
        $q$ SELECT count(*) FROM v_object_owner_gap $q$)
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

SELECT format('FULL ROLLBACK PASS: %s', current_setting('one_roof.measured')) AS full_rollback;

COMMIT;
