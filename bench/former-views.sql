-- The definitions of before, for side-by-side measurement only: each condition on an axis was judged after the whole of
-- EXCEPT, the summary of coverage sorted all cells, the dashboard counted label orphans anew at every read, and a scan read
-- all labels twice, on one processor.
CREATE SCHEMA former;
SET search_path = former, public;

CREATE VIEW v_axis_coverage_gap AS
SELECT axis_code, object_type, object_ref, value_code, required_owner_kind
FROM v_axis_required_cell
EXCEPT
SELECT axis_code, object_type, object_ref, value_code, owner_kind
FROM v_axis_effective_owner;

CREATE VIEW v_axis_coverage_summary AS
WITH cell AS (
  SELECT axis_code, bool_or(required) AS required, bool_and(required) AS gap
  FROM (
    SELECT axis_code, object_type, object_ref, value_code, required_owner_kind, true AS required
    FROM v_axis_required_cell
    UNION ALL
    SELECT axis_code, object_type, object_ref, value_code, owner_kind, false
    FROM v_axis_effective_owner
  ) AS each
  GROUP BY axis_code, object_type, object_ref, value_code, required_owner_kind
), covered AS (
  SELECT axis_code, count(*) FILTER (WHERE required) AS required, count(*) FILTER (WHERE gap) AS gap
  FROM cell
  GROUP BY axis_code
), quality AS (
  SELECT
    axis_code,
    count(*) FILTER (WHERE flag = 'ok') AS ok,
    count(*) FILTER (WHERE flag = 'low_confidence') AS low_confidence,
    count(*) FILTER (WHERE flag = 'stale') AS stale,
    count(*) FILTER (WHERE flag = 'quarantine') AS quarantine
  FROM v_axis_assignment_quality
  GROUP BY axis_code
)
SELECT
  axis.axis_code,
  coalesce(covered.required, 0) AS required_cells,
  coalesce(covered.gap, 0) AS gap_cells,
  coalesce(quality.ok, 0) AS ok_assignments,
  coalesce(quality.low_confidence, 0) AS low_conf,
  coalesce(quality.stale, 0) AS stale,
  coalesce(quality.quarantine, 0) AS quarantine
FROM axis_registry AS axis
LEFT JOIN covered ON covered.axis_code = axis.axis_code
LEFT JOIN quality ON quality.axis_code = axis.axis_code
WHERE axis.status = 'active';

CREATE VIEW v_ui_review_queue AS
WITH unowned AS (
  SELECT object_type, object_ref, axis_code, value_code FROM axis_assignment WHERE status = 'active'
  EXCEPT
  SELECT object_type, object_ref, axis_code, value_code FROM v_axis_effective_owner WHERE owner_kind = 'accountable'
)
SELECT
  'assignment:' || assignment.id AS item_key, 'assignment_unowned' AS item_kind, 'warning' AS severity,
  assignment.object_type, assignment.object_ref, assignment.axis_code, assignment.value_code,
  jsonb_build_object('zone', assignment.zone, 'assigned_kind', assignment.assigned_kind) AS detail
FROM axis_assignment AS assignment
JOIN unowned USING (object_type, object_ref, axis_code, value_code)
WHERE assignment.status = 'active'
UNION ALL
SELECT
  'value:' || axis_code || ':' || value_code, 'value_promotion', 'info',
  'axis_value', value_code, axis_code, value_code,
  provenance
FROM axis_value
WHERE status = 'candidate'
UNION ALL
SELECT
  'drift:' || id, 'drift', severity,
  object_type, object_ref, axis_code, value_code,
  detail || jsonb_build_object('detector_code', detector_code)
FROM governance_drift_state
WHERE status = 'open' AND severity IN ('critical', 'warning');

CREATE VIEW v_ui_coverage_dashboard AS
SELECT
  1 AS id,
  (SELECT count(*)::integer FROM v_object_owner_gap) AS ownership_gap,
  (SELECT count(*)::integer FROM v_axis_coverage_gap WHERE axis_code = 'topic') AS topic_gap,
  (SELECT count(*)::integer FROM axis_registry WHERE status = 'active') AS active_axes,
  (SELECT count(*)::integer FROM governance_drift_state WHERE status = 'open') AS open_drift,
  (SELECT count(*)::integer FROM governance_drift_state WHERE status = 'open' AND severity = 'critical') AS critical_drift,
  (SELECT count(*)::integer FROM v_ui_review_queue) AS review_queue_size,
  (SELECT to_jsonb(summary) FROM v_reconcile_summary AS summary) AS reconcile
WHERE EXISTS (SELECT FROM axis_registry);

CREATE VIEW v_reconcile_label_orphan AS
WITH label_in_use AS MATERIALIZED (
  SELECT label_code::text AS label_code, count(*) AS uses
  FROM entity_labels
  GROUP BY label_code
)
SELECT label_code, uses
FROM label_in_use
WHERE EXISTS (SELECT FROM axis_registry)
  AND NOT EXISTS (
    SELECT FROM taxonomy WHERE taxonomy.code::text = label_in_use.label_code AND taxonomy.status::text = 'active'
  );

CREATE VIEW v_drift_finding AS
SELECT *
FROM public.v_drift_finding
WHERE detector_code NOT IN ('label_orphan', 'projection_lag_timing')
UNION ALL
SELECT
  'label_orphan', 'warning',
  'label', label_code, NULL, NULL,
  jsonb_build_object('uses', uses)
FROM v_reconcile_label_orphan
UNION ALL
SELECT
  'projection_lag_timing', CASE WHEN timing = 'never_projected' OR lag_days > 30 THEN 'warning' ELSE 'info' END,
  'collection', coll, 'topic', topic_value,
  jsonb_build_object('timing', timing, 'lag_days', lag_days)
FROM v_projection_lag_timing
WHERE timing <> 'fresh';

-- The scan of today, but that a variable is filled by := with the findings of before.
DO $former$
DECLARE
  today  CONSTANT text := pg_get_functiondef('public.fn_governance_scan'::regproc);
  before CONSTANT text := replace(regexp_replace(replace(today, 'FUNCTION public.', 'FUNCTION former.'),
    $$EXECUTE '(SELECT array_agg[^']*)' INTO seen;$$, 'seen := (\1);'), 'public.v_drift_finding', 'former.v_drift_finding');
BEGIN
  IF before NOT LIKE '%seen := (SELECT array_agg(finding) FROM former.v_drift_finding AS finding);%' THEN
    RAISE EXCEPTION 'The scan is not what its former definition is made from.';
  END IF;
  EXECUTE before;
END
$former$;

RESET search_path;
