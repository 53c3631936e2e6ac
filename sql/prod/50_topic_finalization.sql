-- Tier 5: the topic axis, and what is decided where topics and labels disagree.
--
-- Adds 1 axis, 9 values, 1 coverage rule, 7 map rows, the guarded assignments (6 on the dated baseline) and their owners
-- (5; what is in quarantine has none), and the decisions derived from the live reconcile views (6). Needs Tier 4.
-- label_rules is never edited. A second run changes nothing.
-- Rollback: sql/prod_rollback/50_topic_finalization.sql, by the tag PROD_topic_2026-06-03.

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
    RAISE EXCEPTION 'Tier 5 (topic finalization): another session holds the rollout lock: %',
      coalesce(holder, 'it has just ended')
      USING ERRCODE = 'OR003', HINT = 'Nothing was changed. Wait until that session has ended, then run this file again.';
  END IF;
END
$ground$;

-- Stop gates at entry: each is measured and reported, then one exception names all that failed. What cannot be measured fails.
DO $entry$
DECLARE
  tier     CONSTANT text := 'Tier 5 (topic finalization)';
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
      ('containment_required', '=', '35',
        $q$ SELECT count(*) FROM v_axis_required_cell WHERE axis_code = 'containment' $q$),
      ('mapped_labels_inactive', '=', '0',
        $q$ SELECT count(*)
            FROM unnest(ARRAY['LBL-006', 'LBL-061', 'LBL-004', 'LBL-101', 'LBL-014', 'LBL-002']) AS label (code)
            WHERE NOT EXISTS (
              SELECT FROM taxonomy WHERE taxonomy.code = label.code AND taxonomy.status = 'active') $q$)
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

-- The axis: what a collection is about.
INSERT INTO axis_registry
  (axis_code, axis_name, axis_family, axis_kind, value_domain, status, lifecycle_status, created_by)
VALUES
  ('topic', 'Topic', 'label', 'uncertain', 'axis_value', 'active', 'active', 'PROD_topic_2026-06-03')
ON CONFLICT (axis_code) DO NOTHING;

-- Its values. kg-domain-x was proposed by the knowledge graph and is ratified here, under the approval of Tier 3's rows.
INSERT INTO axis_value (axis_code, value_code, parent_value_code, status, provenance, tag)
SELECT 'topic', topic.value_code, topic.parent_code, topic.status,
       topic.provenance || CASE WHEN topic.provenance ? 'ratified_by' THEN
         jsonb_build_object('approval_ref', (SELECT min(approval_ref) FROM governance_object_ownership
                                             WHERE created_by = 'PROD_OWNERSHIP_SEED_2026-06-03'))
       ELSE '{}' END,
       'PROD_topic_2026-06-03'
FROM (VALUES
  ('governance',    NULL,          'active',     '{"designated_by": "human", "kind": "human_designated"}'::jsonb),
  ('workflow',      NULL,          'active',     '{"designated_by": "human", "kind": "human_designated"}'),
  ('ai-ops',        'governance',  'active',     '{"designated_by": "human", "kind": "human_designated"}'),
  ('registry-kg',   'governance',  'active',     '{"designated_by": "human", "kind": "human_designated"}'),
  ('observability', NULL,          'active',     '{"designated_by": "human", "kind": "human_designated"}'),
  ('data-platform', NULL,          'active',     '{"designated_by": "human", "kind": "human_designated"}'),
  ('workflow-exec', 'workflow',    'active',     '{"designated_by": "human", "kind": "human_designated", "op": "split"}'),
  ('kg-domain-x',   'registry-kg', 'active',     '{"designated_by": "agent", "kind": "kg_ratified",
                                                   "prior_kind": "kg_provisional", "ratified_by": "GOV-KG-SYS"}'),
  ('gov-legacy',    NULL,          'deprecated', '{"designated_by": "human", "kind": "human_designated",
                                                   "op": "merge", "merged_into": "governance"}')
) AS topic (value_code, parent_code, status, provenance)
ON CONFLICT (axis_code, value_code) DO NOTHING;

-- Its rule: every assignment has an accountable owner, confidence below 0.70 is low, and 30 days make it stale.
INSERT INTO coverage_rule
  (rule_code, axis_code, applies_to, coverage_mode, confidence_threshold, staleness_days, required_owner_kind, status, tag)
VALUES
  ('CR-TOPIC-ASSIGNED', 'topic', 'collection', 'per_assignment', 0.70, 30, 'accountable', 'active', 'PROD_topic_2026-06-03')
ON CONFLICT (rule_code) DO NOTHING;

-- Topics in the words of the taxonomy.
INSERT INTO topic_taxonomy_map (topic_value, label_code, map_kind, tag)
SELECT map.topic_value, map.label_code, 'inferred', 'PROD_topic_2026-06-03'
FROM (VALUES
  ('ai-ops',        'LBL-006'),
  ('ai-ops',        'LBL-061'),
  ('workflow',      'LBL-004'),
  ('registry-kg',   'LBL-101'),
  ('observability', 'LBL-014'),
  ('data-platform', 'LBL-002'),
  ('kg-domain-x',   'LBL-101')
) AS map (topic_value, label_code)
ON CONFLICT (topic_value, label_code) DO NOTHING;

-- The assignments known so far, each only where the inventory has the collection. Days count as 24 hours, whatever the time zone.
INSERT INTO axis_assignment
  (object_type, object_ref, axis_code, value_code, zone, confidence, provenance, assigned_kind, assigned_at, tag)
SELECT object.object_type, object.object_ref, 'topic', known.value_code, known.zone, known.confidence,
       CASE WHEN known.zone <> 'quarantine' THEN jsonb_build_object('designated_by', known.assigned_kind) END,
       known.assigned_kind, now() - known.days_ago * interval '24 hours', 'PROD_topic_2026-06-03'
FROM (VALUES
  ('agents',              'ai-ops',      'candidate',  0.92, 'human',  0),
  ('governance_registry', 'registry-kg', 'candidate',  0.85, 'agent',  0),
  ('workflows',           'workflow',    'candidate',  0.96, 'human',  0),
  ('modules',             'workflow',    'candidate',  0.55, 'agent',  0),
  ('tasks',               'ai-ops',      'candidate',  0.80, 'agent', 60),
  ('iu_staging_record',   'ai-ops',      'quarantine', NULL, 'agent',  0)
) AS known (collection, value_code, zone, confidence, assigned_kind, days_ago)
JOIN v_governance_object_inventory AS object
  ON object.object_type = 'collection' AND object.object_ref = known.collection
WHERE NOT EXISTS (
  SELECT FROM axis_assignment AS existing
  WHERE existing.object_type = object.object_type AND existing.object_ref = object.object_ref
    AND existing.axis_code = 'topic' AND existing.value_code = known.value_code)
ORDER BY object.object_ref;

-- The owner of each assignment outside quarantine: the agency of the collection's group, but for modules that of its topic.
INSERT INTO axis_object_ownership
  (object_type, object_ref, axis_code, value_code, owner_gov_code, owner_kind, approval_ref, tag)
SELECT assigned.object_type, assigned.object_ref, assigned.axis_code, assigned.value_code,
       coalesce(exception.gov_code, anchor.owner_gov_code), 'accountable', anchor.approval_ref, 'PROD_topic_2026-06-03'
FROM axis_assignment AS assigned
JOIN v_governance_object_containment AS edge
  ON edge.object_type = assigned.object_type AND edge.object_ref = assigned.object_ref
JOIN (SELECT DISTINCT object_ref, owner_gov_code, approval_ref
      FROM governance_object_ownership
      WHERE created_by = 'PROD_OWNERSHIP_SEED_2026-06-03') AS anchor ON anchor.object_ref = edge.parent_ref
LEFT JOIN (VALUES ('modules', 'GOV-DOT')) AS exception (collection, gov_code) ON exception.collection = assigned.object_ref
WHERE assigned.tag = 'PROD_topic_2026-06-03' AND assigned.status = 'active' AND assigned.zone <> 'quarantine'
  AND NOT EXISTS (
    SELECT FROM axis_object_ownership AS existing
    WHERE existing.object_type = assigned.object_type AND existing.object_ref = assigned.object_ref
      AND existing.axis_code = assigned.axis_code AND existing.value_code = assigned.value_code)
ORDER BY assigned.object_ref;

-- What is accepted, derived from what the reconcile view flags on these assignments. A divergence is never accepted.
INSERT INTO topic_label_reconcile_decision (coll, topic_value, decision_kind, rationale, decided_by, tag)
SELECT difference.coll, difference.topic_value,
       CASE WHEN difference.flag = 'orthogonal_facet' THEN 'accept_orthogonal_facet'
            WHEN assigned.zone = 'quarantine' THEN 'accept_quarantine_hold'
            ELSE 'accept_projection_pending' END,
       CASE WHEN difference.flag = 'orthogonal_facet'
            THEN 'The labels of the topic and of the collection share no facet, so they do not contradict.'
            WHEN assigned.zone = 'quarantine'
            THEN 'No label rule, and the assignment is in quarantine: on hold until it is reviewed.'
            ELSE 'No label rule yet: the projection is pending.' END,
       'Tier 5 (topic finalization)', 'PROD_topic_2026-06-03'
FROM v_reconcile_collection_topic_vs_label AS difference
JOIN axis_assignment AS assigned
  ON assigned.object_type = 'collection' AND assigned.object_ref = difference.coll
 AND assigned.axis_code = 'topic' AND assigned.value_code = difference.topic_value
 AND assigned.tag = 'PROD_topic_2026-06-03' AND assigned.status = 'active'
WHERE difference.flag IN ('orthogonal_facet', 'no_label_rule')
ORDER BY difference.coll
ON CONFLICT (coll, topic_value) DO NOTHING;

-- Stop gates at exit: what this file wrote must measure as expected, or none of it is kept.
DO $exit$
DECLARE
  tier     CONSTANT text := 'Tier 5 (topic finalization)';
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
      ('divergent', '=', '0',
        $q$ SELECT count(*) FROM v_reconcile_collection_topic_vs_label WHERE flag = 'divergent' $q$),
      ('projection_gap', '=', '0',
        $q$ SELECT count(*) FROM v_reconcile_topic_projection_gap $q$),
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

SELECT format('TIER 5 TOPIC FINALIZATION PASS: %s', current_setting('one_roof.measured')) AS tier_5;

COMMIT;
