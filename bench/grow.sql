-- Every governed collection, with its assignments and their owners, as often as the setting one_roof.times says.
SET search_path = public, pg_temp;

INSERT INTO collection_registry (collection_name, "group", governance_role, coverage_status, migration_state)
SELECT collection_name || '_' || n, "group", governance_role, coverage_status, migration_state
FROM collection_registry CROSS JOIN generate_series(2, current_setting('one_roof.times')::integer) AS n
WHERE governance_role = 'governed' AND coverage_status = 'BIRTH_REQUIRED';

INSERT INTO axis_assignment (object_type, object_ref, axis_code, value_code, zone, confidence, provenance, assigned_kind, assigned_at)
SELECT object_type, object_ref || '_' || n, axis_code, value_code, zone, confidence, provenance, assigned_kind, assigned_at
FROM axis_assignment CROSS JOIN generate_series(2, current_setting('one_roof.times')::integer) AS n;

INSERT INTO axis_object_ownership (object_type, object_ref, axis_code, value_code, owner_gov_code, owner_kind, approval_ref)
SELECT object_type, object_ref || '_' || n, axis_code, value_code, owner_gov_code, owner_kind, approval_ref
FROM axis_object_ownership CROSS JOIN generate_series(2, current_setting('one_roof.times')::integer) AS n;

SELECT fn_governance_scan('bench', 'grown');
ANALYZE axis_assignment, axis_object_ownership, collection_registry, governance_drift_state;
