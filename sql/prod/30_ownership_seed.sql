-- Tier 3: the ownership seed. The sovereign tier: it makes agencies formally accountable.
--
-- Adds 30 rows to governance_object_ownership: for each of the 5 groups and 6 scopes one accountable, inheritable owner.
-- The 35 collections inherit them, and the gap falls from 210 to 0. Needs Tier 2 and the code of the approved request in
-- the setting one_roof.ratified_apr, which every row carries as approval_ref. A second run is refused.
-- Alone: PGOPTIONS='-c one_roof.ratified_apr=APR-…' psql -v ON_ERROR_STOP=1 -f sql/prod/30_ownership_seed.sql
-- Rollback: sql/prod_rollback/30_ownership_seed.sql, by created_by PROD_OWNERSHIP_SEED_2026-06-03.

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
    RAISE EXCEPTION 'Tier 3 (ownership seed): another session holds the rollout lock: %',
      coalesce(holder, 'it has just ended')
      USING ERRCODE = 'OR003', HINT = 'Nothing was changed. Wait until that session has ended, then run this file again.';
  END IF;
END
$ground$;

-- Stop gates at entry: each is measured and reported, then one exception names all that failed. What cannot be measured fails.
DO $entry$
DECLARE
  tier     CONSTANT text := 'Tier 3 (ownership seed)';
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
      ('ratified_request', '=', 'approved',
        $q$ SELECT string_agg(DISTINCT coalesce(status::text, 'NULL'), ',') FROM approval_requests
            WHERE code = nullif(current_setting('one_roof.ratified_apr', true), '') $q$),
      ('responsibility_required', '=', '210',
        $q$ SELECT count(*) FROM v_axis_required_cell WHERE axis_code = 'responsibility' $q$),
      ('ownership_gap', '=', '210',
        $q$ SELECT count(*) FROM v_object_owner_gap $q$),
      ('ownership_rows', '=', '0',
        $q$ SELECT count(*) FROM governance_object_ownership $q$),
      ('ownership_conflict', '=', '0',
        $q$ SELECT count(*) FROM v_object_owner_conflict $q$)
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

-- Which agency answers for which group, joined with the groups and scopes that live rows name: a group that is missing
-- here leaves a gap, a group that is missing there leaves fewer than 30 rows, and either is refused at exit.
INSERT INTO governance_object_ownership
  (object_type, object_ref, scope, owner_kind, owner_gov_code, is_inherited_anchor, lifecycle_status, approval_ref, created_by)
SELECT live_group.parent_type, live_group.parent_ref, scope.scope_code, 'accountable', agency.gov_code, true, 'active',
       current_setting('one_roof.ratified_apr'), 'PROD_OWNERSHIP_SEED_2026-06-03'
FROM (SELECT DISTINCT parent_type, parent_ref FROM v_governance_object_containment) AS live_group
JOIN (VALUES
  ('GRP-GOVERNANCE', 'GOV-COUNCIL'),
  ('GRP-REGISTRY',   'GOV-KG-SYS'),
  ('GRP-BUSINESS',   'GOV-MOIT'),
  ('GRP-WORKFLOW',   'GOV-DOT'),
  ('GRP-AI',         'GOV-DOT')
) AS agency (group_ref, gov_code) ON agency.group_ref = live_group.parent_ref
CROSS JOIN governance_responsibility_scope AS scope
WHERE scope.status = 'active'
ORDER BY live_group.parent_ref, scope.scope_code;

-- Stop gates at exit: what this file wrote must measure as expected, or none of it is kept.
DO $exit$
DECLARE
  tier     CONSTANT text := 'Tier 3 (ownership seed)';
  section  CONSTANT text := 'exit';
  advice   CONSTANT text :=
    'Nothing was changed: the seed is rolled back, earlier tiers stay. Fewer or more than 30 rows, or a gap that '
    'stays, mean that the live groups or scopes are not those of the map in this file.';
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
      ('ownership_seeded', '=', '30',
        $q$ SELECT count(*) FROM governance_object_ownership WHERE created_by = 'PROD_OWNERSHIP_SEED_2026-06-03' $q$),
      ('ownership_gap', '=', '0',
        $q$ SELECT count(*) FROM v_object_owner_gap $q$),
      ('ownership_conflict', '=', '0',
        $q$ SELECT count(*) FROM v_object_owner_conflict $q$)
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

SELECT format('TIER 3 OWNERSHIP SEED PASS: %s', current_setting('one_roof.measured')) AS tier_3;

COMMIT;
