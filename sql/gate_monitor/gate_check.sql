-- The gate monitor: may the rollout start? One pure SELECT, read-only, that never aborts.
--
-- Returns one row: verdict READY or BLOCKED, and in blockers every stop gate of Tier 0 that does not hold, as
-- "<gate>: <blocker>;". A reading that cannot be taken (relation or column missing, hidden by a privilege or by row
-- security) blocks as "unknown". The ratified request is judged only where the setting one_roof.ratified_apr names one.
-- Settings: one_roof.database (default directus), one_roof.ratified_apr.

WITH listed AS (
  SELECT row_number() OVER () AS position, entry.*
  FROM (VALUES
    ('database', '=', coalesce(nullif(current_setting('one_roof.database', true), ''), 'directus'),
      'database', 'database<>' || coalesce(nullif(current_setting('one_roof.database', true), ''), 'directus'),
      ARRAY[]::text[],
      $q$ SELECT current_database() AS value $q$),
    ('server_version', '>=', '150000',
      'server_version', 'server_version<150000',
      ARRAY[]::text[],
      $q$ SELECT current_setting('server_version_num') AS value $q$),
    ('ospa', '>=', '1',
      'ospa', 'ospa<1',
      ARRAY['os_proposal_approvals'],
      $q$ SELECT count(*) AS value FROM public.os_proposal_approvals $q$),
    ('ratified_request', '=', 'approved',
      'ratified_request', 'ratified_request<>approved',
      ARRAY['approval_requests.code', 'approval_requests.status'],
      $q$ SELECT string_agg(DISTINCT coalesce(status::text, 'NULL'), ',') AS value FROM public.approval_requests
          WHERE code = nullif(current_setting('one_roof.ratified_apr', true), '') $q$),
    ('prerequisite_views', '=', '5',
      'prereq', 'prereq<>5',
      ARRAY[]::text[],
      $q$ SELECT count(*) AS value FROM pg_class
          WHERE relnamespace = to_regnamespace('public') AND relkind = 'v' AND relname = ANY (ARRAY[
            'v_governance_object_inventory', 'v_governance_object_containment', 'v_object_effective_owner',
            'v_object_owner_gap', 'v_object_owner_conflict']) $q$),
    ('axis_objects', '=', '0',
      'axis', 'axis_present',
      ARRAY[]::text[],
      $q$ SELECT count(DISTINCT name) AS value
          FROM (SELECT relname AS name FROM pg_class
                WHERE relnamespace = to_regnamespace('public') AND relkind NOT IN ('i', 'I', 'S', 't')
                UNION ALL
                SELECT proname FROM pg_proc
                WHERE pronamespace = to_regnamespace('public') AND proname = 'fn_governance_scan') AS present
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
      'gap', 'gap<>210',
      ARRAY['v_object_owner_gap'],
      $q$ SELECT count(*) AS value FROM public.v_object_owner_gap $q$),
    ('ownership_rows', '=', '0',
      'own', 'own<>0',
      ARRAY['governance_object_ownership'],
      $q$ SELECT count(*) AS value FROM public.governance_object_ownership $q$),
    ('ownership_conflict', '=', '0',
      'conflict', 'conflict<>0',
      ARRAY['v_object_owner_conflict'],
      $q$ SELECT count(*) AS value FROM public.v_object_owner_conflict $q$),
    ('governance_outbox', '=', '0',
      'emit', 'emit<>0',
      ARRAY['event_outbox.event_domain'],
      $q$ SELECT count(*) AS value FROM public.event_outbox WHERE event_domain = 'governance' $q$),
    ('active_event_types', '=', '0',
      'event_types_active', 'event_types_active<>0',
      ARRAY['event_type_registry.event_domain', 'event_type_registry.active'],
      $q$ SELECT count(*) AS value FROM public.event_type_registry
          WHERE event_domain = 'governance' AND active IS NOT FALSE $q$)
  ) AS entry (gate, operator, expected, subject, blocker, needs, query)
  WHERE entry.gate <> 'ratified_request' OR nullif(current_setting('one_roof.ratified_apr', true), '') IS NOT NULL
), judged AS (
  -- A need is a relation of schema public, or one of its columns as relation.column.
  SELECT listed.*, NOT EXISTS (
    SELECT
    FROM unnest(listed.needs) AS need
    WHERE NOT EXISTS (
      SELECT
      FROM pg_class AS relation
      WHERE relation.relnamespace = to_regnamespace('public')
        AND relation.relname = split_part(need, '.', 1)
        AND relation.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND has_schema_privilege(relation.relnamespace, 'USAGE')
        AND has_table_privilege(relation.oid, 'SELECT')
        AND NOT row_security_active(relation.oid)
        AND (split_part(need, '.', 2) = '' OR EXISTS (
          SELECT FROM pg_attribute AS attribute
          WHERE attribute.attrelid = relation.oid AND attribute.attname = split_part(need, '.', 2)
            AND NOT attribute.attisdropped))
    )
  ) AS readable
  FROM listed
), measured AS (
  SELECT judged.*,
         CASE WHEN readable THEN (xpath('/table/row/value/text()', query_to_xml(query, false, false, '')))[1]::text END AS value
  FROM judged
), blocking AS (
  SELECT position,
         format('%s: %s;', gate, CASE WHEN value IS NULL THEN subject || ' unknown' ELSE blocker END) AS text
  FROM measured
  WHERE CASE operator
          WHEN '=' THEN value = expected
          WHEN '>=' THEN value::numeric >= expected::numeric
        END IS NOT TRUE
)
SELECT
  CASE WHEN count(*) = 0 THEN 'READY' ELSE 'BLOCKED' END AS verdict,
  coalesce(string_agg(text, ' ' ORDER BY position), '') AS blockers
FROM blocking;
