-- The UI read contract: reads all 7 v_ui_* views, every column of every row, as one pure SELECT.
--
-- One row a view: its name, its rows, its columns in their order. Fails if a view is missing or cannot be computed.
-- Directly after Tier 1 every view has 0 rows. May be run at any time, in a read-only transaction too.
--
--   psql -v ON_ERROR_STOP=1 -f sql/prod_verify/ui_read_contract.sql

-- to_jsonb takes every column; a bare count would let the planner leave them out.
WITH read AS (
  SELECT 'v_ui_topic_tree' AS view_name, count(to_jsonb(topic)) AS rows FROM public.v_ui_topic_tree AS topic
  UNION ALL
  SELECT 'v_ui_object_topic', count(to_jsonb(assignment)) FROM public.v_ui_object_topic AS assignment
  UNION ALL
  SELECT 'v_ui_axis_browser', count(to_jsonb(axis)) FROM public.v_ui_axis_browser AS axis
  UNION ALL
  SELECT 'v_ui_lane', count(to_jsonb(lane)) FROM public.v_ui_lane AS lane
  UNION ALL
  SELECT 'v_ui_detector_findings', count(to_jsonb(finding)) FROM public.v_ui_detector_findings AS finding
  UNION ALL
  SELECT 'v_ui_review_queue', count(to_jsonb(item)) FROM public.v_ui_review_queue AS item
  UNION ALL
  SELECT 'v_ui_coverage_dashboard', count(to_jsonb(dashboard)) FROM public.v_ui_coverage_dashboard AS dashboard
)
SELECT
  read.view_name,
  read.rows,
  (
    SELECT string_agg(attribute.attname::text, ', ' ORDER BY attribute.attnum)
    FROM pg_attribute AS attribute
    WHERE attribute.attrelid = format('public.%I', read.view_name)::regclass AND attribute.attnum > 0
  ) AS columns
FROM read
ORDER BY read.view_name;
