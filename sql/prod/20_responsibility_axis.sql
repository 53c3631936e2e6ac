-- Tier 2: the responsibility axis.
--
-- Adds 1 axis, 6 values (the active responsibility scopes) and 1 coverage rule, so that the generalised model demands
-- exactly the 210 cells that v_object_owner_gap reports. Needs Tier 1. A second run changes nothing.
-- Rollback: sql/prod_rollback/20_responsibility_axis.sql, by the tag PROD_responsibility_2026-06-03.

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
    RAISE EXCEPTION 'Tier 2 (responsibility axis): another session holds the rollout lock: %',
      coalesce(holder, 'it has just ended')
      USING ERRCODE = 'OR003', HINT = 'Nothing was changed. Wait until that session has ended, then run this file again.';
  END IF;
END
$ground$;

-- Stop gates at entry: each is measured and reported, then one exception names all that failed. What cannot be measured fails.
DO $entry$
DECLARE
  tier     CONSTANT text := 'Tier 2 (responsibility axis)';
  section  CONSTANT text := 'entry';
  advice   CONSTANT text :=
    'Nothing was changed: this tier is rolled back whole, earlier tiers stay. Put right what is listed, then run '
    'this tier again.';
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
      ('ospa', '>=', '1',
        $q$ SELECT count(*) FROM os_proposal_approvals $q$),
      ('axis_objects', '=', '43',
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
              'fn_governance_scan']) $q$)
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

-- The axis: who answers for an object in a responsibility scope.
INSERT INTO axis_registry
  (axis_code, axis_name, axis_family, axis_kind, value_domain, status, lifecycle_status, created_by)
VALUES
  ('responsibility', 'Responsibility', 'structural', 'system', 'governance_responsibility_scope',
   'active', 'active', 'PROD_responsibility_2026-06-03')
ON CONFLICT (axis_code) DO NOTHING;

-- Its values: the active scopes as they are now.
INSERT INTO axis_value (axis_code, value_code, status, provenance, tag)
SELECT 'responsibility', scope.scope_code, 'active',
       jsonb_build_object('designated_by', 'human', 'kind', 'human_designated'), 'PROD_responsibility_2026-06-03'
FROM governance_responsibility_scope AS scope
WHERE scope.status = 'active'
ORDER BY scope.scope_code
ON CONFLICT (axis_code, value_code) DO NOTHING;

-- Its rule: every governed collection has an accountable owner in every scope.
INSERT INTO coverage_rule
  (rule_code, axis_code, applies_to, coverage_mode, required_owner_kind, status, tag)
VALUES
  ('CR-RESP-ALL', 'responsibility', 'collection', 'cross_product', 'accountable', 'active', 'PROD_responsibility_2026-06-03')
ON CONFLICT (rule_code) DO NOTHING;

-- Stop gates at exit: what this file wrote must measure as expected, or none of it is kept.
DO $exit$
DECLARE
  tier     CONSTANT text := 'Tier 2 (responsibility axis)';
  section  CONSTANT text := 'exit';
  advice   CONSTANT text :=
    'Nothing was changed: what this tier wrote is rolled back, earlier tiers stay. Put right what is listed, then '
    'run this tier again.';
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
      ('responsibility_required', '=', '210',
        $q$ SELECT count(*) FROM v_axis_required_cell WHERE axis_code = 'responsibility' $q$),
      ('responsibility_gap_drift', '=', '0',
        $q$ SELECT count(*)
            FROM (SELECT object_type, object_ref, value_code FROM v_axis_coverage_gap
                  WHERE axis_code = 'responsibility') AS axis
            FULL JOIN (SELECT object_type, object_ref, scope FROM v_object_owner_gap) AS store
              ON store.object_type = axis.object_type AND store.object_ref = axis.object_ref AND store.scope = axis.value_code
            WHERE axis.object_ref IS NULL OR store.object_ref IS NULL $q$)
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

SELECT format('TIER 2 RESPONSIBILITY AXIS PASS: %s', current_setting('one_roof.measured')) AS tier_2;

COMMIT;
