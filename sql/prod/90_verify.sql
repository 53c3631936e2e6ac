-- Tier 8: verification. Reads only: every number that the rollout must end on, measured on the finished database.
-- The number of open findings is not among them: findings grow older, and a later scan finds more of them.

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

-- Stop gates: the end state, measured and reported one by one, then one exception names all that failed.
DO $exit$
DECLARE
  tier     CONSTANT text := 'Tier 8 (verification)';
  section  CONSTANT text := 'exit';
  advice   CONSTANT text :=
    'Nothing was changed: verification only reads. Repair what is listed, or roll back with '
    'sql/prod_rollback/per_tier_rollback.sql.';
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
      ('ownership_gap', '=', '0',
        $q$ SELECT count(*) FROM v_object_owner_gap $q$),
      ('ownership_conflict', '=', '0',
        $q$ SELECT count(*) FROM v_object_owner_conflict $q$),
      ('responsibility_required', '=', '210',
        $q$ SELECT count(*) FROM v_axis_required_cell WHERE axis_code = 'responsibility' $q$),
      ('responsibility_axis_gap', '=', '0',
        $q$ SELECT count(*) FROM v_axis_coverage_gap WHERE axis_code = 'responsibility' $q$),
      ('containment_required', '=', '35',
        $q$ SELECT count(*) FROM v_axis_required_cell WHERE axis_code = 'containment' $q$),
      ('containment_gap', '=', '0',
        $q$ SELECT count(*) FROM v_axis_coverage_gap WHERE axis_code = 'containment' $q$),
      ('active_axes', '=', '3',
        $q$ SELECT count(*) FROM axis_registry WHERE status = 'active' $q$),
      ('divergent', '=', '0',
        $q$ SELECT count(*) FROM v_reconcile_collection_topic_vs_label WHERE flag = 'divergent' $q$),
      ('projection_gap', '=', '0',
        $q$ SELECT count(*) FROM v_reconcile_topic_projection_gap $q$),
      ('label_orphans', '=', '0',
        $q$ SELECT count(*) FROM v_reconcile_label_orphan $q$),
      ('critical_drift', '=', '0',
        $q$ SELECT count(*) FROM governance_drift_state
            WHERE status = 'open' AND severity = 'critical'
            HAVING EXISTS (SELECT FROM governance_scan_run) $q$),
      ('emittable', '=', '0',
        $q$ SELECT count(*)
            FROM governance_drift_state AS drift
            JOIN v_drift_event_map AS map ON map.detector_code = drift.detector_code
            JOIN event_type_registry AS type ON type.event_domain = 'governance' AND type.event_type = map.event_type
            WHERE drift.status = 'open' AND type.active IS NOT FALSE
            HAVING EXISTS (SELECT FROM governance_scan_run) $q$),
      ('governance_outbox', '=', '0',
        $q$ SELECT count(*) FROM event_outbox WHERE event_domain = 'governance' $q$),
      ('active_event_types', '=', '0',
        $q$ SELECT count(*) FROM event_type_registry WHERE event_domain = 'governance' AND active IS NOT FALSE $q$),
      ('kg_domain_x', '=', 'active',
        $q$ SELECT status FROM axis_value WHERE axis_code = 'topic' AND value_code = 'kg-domain-x' $q$)
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

SELECT 'TIER 8 VERIFY PASS' AS tier_8;

COMMIT;
