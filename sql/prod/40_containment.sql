-- Tier 4: the containment axis.
--
-- Adds 1 axis, 5 values (the groups), 1 coverage rule, 35 assignments (each governed collection to its group) and 35 owners
-- (the agency of the group, with the approval of Tier 3's rows). Needs Tier 3. A second run changes nothing.
-- Rollback: sql/prod_rollback/40_containment.sql, by the tag PROD_containment_2026-06-03.

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
    RAISE EXCEPTION 'Tier 4 (containment): another session holds the rollout lock: %',
      coalesce(holder, 'it has just ended')
      USING ERRCODE = 'OR003', HINT = 'Nothing was changed. Wait until that session has ended, then run this file again.';
  END IF;
END
$ground$;

-- Stop gates at entry: each is measured and reported, then one exception names all that failed. What cannot be measured fails.
DO $entry$
DECLARE
  tier     CONSTANT text := 'Tier 4 (containment)';
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
      ('ownership_seeded', '=', '30',
        $q$ SELECT count(*) FROM governance_object_ownership WHERE created_by = 'PROD_OWNERSHIP_SEED_2026-06-03' $q$)
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

-- The axis: in which group a collection is.
INSERT INTO axis_registry
  (axis_code, axis_name, axis_family, axis_kind, value_domain, status, lifecycle_status, created_by)
VALUES
  ('containment', 'Containment', 'structural', 'deterministic', 'v_governance_object_containment.parent_ref',
   'active', 'active', 'PROD_containment_2026-06-03')
ON CONFLICT (axis_code) DO NOTHING;

-- Its values: the groups as they are now.
INSERT INTO axis_value (axis_code, value_code, status, provenance, tag)
SELECT DISTINCT 'containment', edge.parent_ref, 'active',
       jsonb_build_object('designated_by', 'human', 'kind', 'human_designated'), 'PROD_containment_2026-06-03'
FROM v_governance_object_containment AS edge
ORDER BY edge.parent_ref
ON CONFLICT (axis_code, value_code) DO NOTHING;

-- Its rule: every assignment has an accountable owner. Containment is a fact and never grows stale.
INSERT INTO coverage_rule
  (rule_code, axis_code, applies_to, coverage_mode, confidence_threshold, staleness_days, required_owner_kind, status, tag)
VALUES
  ('CR-CONTAIN-ASSIGNED', 'containment', 'collection', 'per_assignment', 0.5, 0, 'accountable', 'active',
   'PROD_containment_2026-06-03')
ON CONFLICT (rule_code) DO NOTHING;

-- Every governed collection to its group. What was assigned once, and perhaps ended since, is not assigned again.
INSERT INTO axis_assignment
  (object_type, object_ref, axis_code, value_code, zone, confidence, provenance, assigned_kind, tag)
SELECT edge.object_type, edge.object_ref, 'containment', edge.parent_ref, 'approved', 1.0,
       jsonb_build_object('source', 'v_governance_object_containment', 'rule_code', 'CR-CONTAIN-ASSIGNED'),
       'rule', 'PROD_containment_2026-06-03'
FROM v_governance_object_inventory AS object
JOIN v_governance_object_containment AS edge
  ON edge.object_type = object.object_type AND edge.object_ref = object.object_ref
WHERE object.requires_owner AND object.born
  AND NOT EXISTS (
    SELECT FROM axis_assignment AS existing
    WHERE existing.object_type = edge.object_type AND existing.object_ref = edge.object_ref
      AND existing.axis_code = 'containment' AND existing.value_code = edge.parent_ref)
ORDER BY edge.parent_ref, edge.object_ref;

-- The owner of each assignment: the agency that Tier 3 made accountable for the group, under the same approval.
INSERT INTO axis_object_ownership
  (object_type, object_ref, axis_code, value_code, owner_gov_code, owner_kind, approval_ref, tag)
SELECT assigned.object_type, assigned.object_ref, assigned.axis_code, assigned.value_code,
       anchor.owner_gov_code, 'accountable', anchor.approval_ref, 'PROD_containment_2026-06-03'
FROM axis_assignment AS assigned
JOIN (SELECT DISTINCT object_ref, owner_gov_code, approval_ref
      FROM governance_object_ownership
      WHERE created_by = 'PROD_OWNERSHIP_SEED_2026-06-03') AS anchor ON anchor.object_ref = assigned.value_code
WHERE assigned.tag = 'PROD_containment_2026-06-03' AND assigned.status = 'active'
  AND NOT EXISTS (
    SELECT FROM axis_object_ownership AS existing
    WHERE existing.object_type = assigned.object_type AND existing.object_ref = assigned.object_ref
      AND existing.axis_code = assigned.axis_code AND existing.value_code = assigned.value_code)
ORDER BY assigned.value_code, assigned.object_ref;

-- Stop gates at exit: what this file wrote must measure as expected, or none of it is kept.
DO $exit$
DECLARE
  tier     CONSTANT text := 'Tier 4 (containment)';
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
      ('containment_required', '=', '35',
        $q$ SELECT count(*) FROM v_axis_required_cell WHERE axis_code = 'containment' $q$),
      ('containment_gap', '=', '0',
        $q$ SELECT count(*) FROM v_axis_coverage_gap WHERE axis_code = 'containment' $q$),
      ('containment_unregistered_groups', '=', '0',
        $q$ SELECT count(DISTINCT edge.parent_ref) FROM v_governance_object_containment AS edge
            WHERE NOT EXISTS (
              SELECT FROM axis_value AS value
              WHERE value.axis_code = 'containment' AND value.value_code = edge.parent_ref AND value.status = 'active') $q$),
      ('containment_without_group', '=', '0',
        $q$ SELECT count(*)
            FROM (SELECT object_type, object_ref FROM v_governance_object_inventory WHERE requires_owner AND born
                  EXCEPT
                  SELECT object_type, object_ref FROM v_governance_object_containment) AS alone $q$)
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

SELECT format('TIER 4 CONTAINMENT PASS: %s', current_setting('one_roof.measured')) AS tier_4;

COMMIT;
