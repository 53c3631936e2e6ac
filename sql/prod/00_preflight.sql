-- Tier 0: preflight. Reads only. Stops the rollout unless a human approval exists, the ratified request is approved and
-- the database is in exactly the expected state: nothing of One-Roof there yet, 210 cells without an owner, no emission.
--
-- Alone: PGOPTIONS='-c one_roof.ratified_apr=APR-…' psql -v ON_ERROR_STOP=1 -f sql/prod/00_preflight.sql
-- Settings: one_roof.database, one_roof.ratified_apr, one_roof.lock_timeout, one_roof.statement_timeout.

BEGIN TRANSACTION READ ONLY;

-- Ground: unqualified names mean the application's own schema, hidden rows are an error and nothing waits for long.
DO $ground$
BEGIN
  PERFORM set_config('search_path', 'public, pg_temp', true);
  PERFORM set_config('row_security', 'off', true);
  PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('one_roof.lock_timeout', true), ''), '500ms'), true);
  PERFORM set_config('statement_timeout', coalesce(nullif(current_setting('one_roof.statement_timeout', true), ''), '30s'), true);
END
$ground$;

-- Stop gates: each is measured and reported, then one exception names all that failed. What cannot be measured fails.
DO $entry$
DECLARE
  tier     CONSTANT text := 'Tier 0 (preflight)';
  section  CONSTANT text := 'entry';
  advice   CONSTANT text := 'Nothing was changed: preflight only reads. Put right what is listed and start again with Tier 0.';
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
      ('server_version', '>=', '150000',
        $q$ SELECT current_setting('server_version_num') $q$),
      ('ospa', '>=', '1',
        $q$ SELECT count(*) FROM os_proposal_approvals $q$),
      ('ratified_request', '=', 'approved',
        $q$ SELECT string_agg(DISTINCT coalesce(status::text, 'NULL'), ',') FROM approval_requests
            WHERE code = nullif(current_setting('one_roof.ratified_apr', true), '') $q$),
      ('prerequisite_views', '=', '5',
        $q$ SELECT count(*) FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'v' AND relname = ANY (ARRAY[
              'v_governance_object_inventory', 'v_governance_object_containment', 'v_object_effective_owner',
              'v_object_owner_gap', 'v_object_owner_conflict']) $q$),
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
      ('ownership_gap', '=', '210',
        $q$ SELECT count(*) FROM v_object_owner_gap $q$),
      ('ownership_rows', '=', '0',
        $q$ SELECT count(*) FROM governance_object_ownership $q$),
      ('ownership_conflict', '=', '0',
        $q$ SELECT count(*) FROM v_object_owner_conflict $q$),
      ('governance_outbox', '=', '0',
        $q$ SELECT count(*) FROM event_outbox WHERE event_domain = 'governance' $q$),
      ('active_event_types', '=', '0',
        $q$ SELECT count(*) FROM event_type_registry WHERE event_domain = 'governance' AND active IS NOT FALSE $q$)
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

SELECT format('TIER 0 PREFLIGHT PASS: %s', current_setting('one_roof.measured')) AS tier_0;

COMMIT;
