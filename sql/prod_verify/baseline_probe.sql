-- The probe: every reading of the rollout as one row (reading, value), in one pure SELECT.
--
-- A reading whose relation or column is missing, or hidden from this login by a privilege or by row security, is NULL
-- and never an error; a stop gate takes NULL as a stop. Reads the setting one_roof.ratified_apr; writes nothing.
-- Run it at entry, in the middle and at exit of a rollout and compare.

WITH listed AS (
  SELECT row_number() OVER () AS position, entry.*
  FROM (VALUES

    -- Where we are.
    ('database', ARRAY[]::text[],
      $q$ SELECT current_database() AS value $q$),
    ('server_version', ARRAY[]::text[],
      $q$ SELECT current_setting('server_version_num') AS value $q$),

    -- The approvals that allow the rollout.
    ('ospa', ARRAY['os_proposal_approvals'],
      $q$ SELECT count(*) AS value FROM public.os_proposal_approvals $q$),
    ('ratified_request', ARRAY['approval_requests.code', 'approval_requests.status'],
      $q$ SELECT string_agg(DISTINCT coalesce(status::text, 'NULL'), ',') AS value FROM public.approval_requests
          WHERE code = nullif(current_setting('one_roof.ratified_apr', true), '') $q$),

    -- What must be there, and what must not be there yet.
    ('prerequisite_views', ARRAY[]::text[],
      $q$ SELECT count(*) AS value FROM pg_class
          WHERE relnamespace = to_regnamespace('public') AND relkind = 'v' AND relname = ANY (ARRAY[
            'v_governance_object_inventory', 'v_governance_object_containment', 'v_object_effective_owner',
            'v_object_owner_gap', 'v_object_owner_conflict']) $q$),
    ('axis_objects', ARRAY[]::text[],
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

    -- Ownership on the responsibility scopes.
    ('ownership_gap', ARRAY['v_object_owner_gap'],
      $q$ SELECT count(*) AS value FROM public.v_object_owner_gap $q$),
    ('ownership_rows', ARRAY['governance_object_ownership'],
      $q$ SELECT count(*) AS value FROM public.governance_object_ownership $q$),
    ('ownership_conflict', ARRAY['v_object_owner_conflict'],
      $q$ SELECT count(*) AS value FROM public.v_object_owner_conflict $q$),

    -- Emission, which stays off.
    ('governance_outbox', ARRAY['event_outbox.event_domain'],
      $q$ SELECT count(*) AS value FROM public.event_outbox WHERE event_domain = 'governance' $q$),
    ('active_event_types', ARRAY['event_type_registry.event_domain', 'event_type_registry.active'],
      $q$ SELECT count(*) AS value FROM public.event_type_registry
          WHERE event_domain = 'governance' AND active IS NOT FALSE $q$),

    -- Out-of-scope tables that the rollout must leave as they are.
    ('approval_requests', ARRAY['approval_requests'],
      $q$ SELECT count(*) AS value FROM public.approval_requests $q$),
    ('apr_approvals', ARRAY['apr_approvals'],
      $q$ SELECT count(*) AS value FROM public.apr_approvals $q$),
    ('responsibility_scopes', ARRAY['governance_responsibility_scope.status'],
      $q$ SELECT count(*) AS value FROM public.governance_responsibility_scope WHERE status = 'active' $q$),
    ('idle_in_transaction', ARRAY[]::text[],
      $q$ SELECT count(*) AS value FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'
            AND state_change < clock_timestamp() - interval '5 seconds'
          HAVING pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') $q$),
    ('system_issues', ARRAY['system_issues'],
      $q$ SELECT count(*) AS value FROM public.system_issues $q$),
    ('governance_relations', ARRAY['governance_relations'],
      $q$ SELECT count(*) AS value FROM public.governance_relations $q$),
    ('dot_tools', ARRAY['dot_tools'],
      $q$ SELECT count(*) AS value FROM public.dot_tools $q$),

    -- The axes.
    ('active_axes', ARRAY['axis_registry.status'],
      $q$ SELECT count(*) AS value FROM public.axis_registry WHERE status = 'active' $q$),
    ('responsibility_required', ARRAY['v_axis_required_cell.axis_code'],
      $q$ SELECT count(*) AS value FROM public.v_axis_required_cell WHERE axis_code = 'responsibility' $q$),
    ('responsibility_axis_gap', ARRAY['v_axis_coverage_gap.axis_code'],
      $q$ SELECT count(*) AS value FROM public.v_axis_coverage_gap WHERE axis_code = 'responsibility' $q$),
    ('containment_required', ARRAY['v_axis_required_cell.axis_code'],
      $q$ SELECT count(*) AS value FROM public.v_axis_required_cell WHERE axis_code = 'containment' $q$),
    ('containment_gap', ARRAY['v_axis_coverage_gap.axis_code'],
      $q$ SELECT count(*) AS value FROM public.v_axis_coverage_gap WHERE axis_code = 'containment' $q$),
    ('topic_gap', ARRAY['v_axis_coverage_gap.axis_code'],
      $q$ SELECT count(*) AS value FROM public.v_axis_coverage_gap WHERE axis_code = 'topic' $q$),

    -- Topics against labels.
    ('divergent', ARRAY['v_reconcile_collection_topic_vs_label.flag'],
      $q$ SELECT count(*) AS value FROM public.v_reconcile_collection_topic_vs_label WHERE flag = 'divergent' $q$),
    ('projection_gap', ARRAY['v_reconcile_topic_projection_gap'],
      $q$ SELECT count(*) AS value FROM public.v_reconcile_topic_projection_gap $q$),
    ('label_orphans', ARRAY['v_reconcile_label_orphan'],
      $q$ SELECT count(*) AS value FROM public.v_reconcile_label_orphan $q$),

    -- What the scans found: unknown until there was one.
    ('open_drift', ARRAY['governance_drift_state.status', 'governance_scan_run'],
      $q$ SELECT count(*) AS value FROM public.governance_drift_state
          WHERE status = 'open'
          HAVING EXISTS (SELECT FROM public.governance_scan_run) $q$),
    ('critical_drift', ARRAY['governance_drift_state.status', 'governance_drift_state.severity', 'governance_scan_run'],
      $q$ SELECT count(*) AS value FROM public.governance_drift_state
          WHERE status = 'open' AND severity = 'critical'
          HAVING EXISTS (SELECT FROM public.governance_scan_run) $q$),
    ('emittable', ARRAY['governance_drift_state.status', 'governance_drift_state.detector_code', 'governance_scan_run',
                        'v_drift_event_map.detector_code', 'v_drift_event_map.event_type',
                        'event_type_registry.event_domain', 'event_type_registry.event_type', 'event_type_registry.active'],
      $q$ SELECT count(*) AS value
          FROM public.governance_drift_state AS drift
          JOIN public.v_drift_event_map AS map ON map.detector_code = drift.detector_code
          JOIN public.event_type_registry AS type ON type.event_domain = 'governance' AND type.event_type = map.event_type
          WHERE drift.status = 'open' AND type.active IS NOT FALSE
          HAVING EXISTS (SELECT FROM public.governance_scan_run) $q$),
    ('reconcile_decisions', ARRAY['topic_label_reconcile_decision'],
      $q$ SELECT count(*) AS value FROM public.topic_label_reconcile_decision $q$),
    ('kg_domain_x', ARRAY['axis_value.axis_code', 'axis_value.value_code', 'axis_value.status'],
      $q$ SELECT status AS value FROM public.axis_value WHERE axis_code = 'topic' AND value_code = 'kg-domain-x' $q$),

    -- What the gates of single tiers judge beyond these.
    ('responsibility_gap_drift', ARRAY['v_axis_coverage_gap.axis_code', 'v_axis_coverage_gap.object_type', 'v_axis_coverage_gap.object_ref', 'v_axis_coverage_gap.value_code',
                                       'v_object_owner_gap.object_type', 'v_object_owner_gap.object_ref', 'v_object_owner_gap.scope'],
      $q$ SELECT count(*) AS value
          FROM (SELECT object_type, object_ref, value_code FROM public.v_axis_coverage_gap
                WHERE axis_code = 'responsibility') AS axis
          FULL JOIN (SELECT object_type, object_ref, scope FROM public.v_object_owner_gap) AS store
            ON store.object_type = axis.object_type AND store.object_ref = axis.object_ref AND store.scope = axis.value_code
          WHERE axis.object_ref IS NULL OR store.object_ref IS NULL $q$),
    ('ownership_seeded', ARRAY['governance_object_ownership.created_by'],
      $q$ SELECT count(*) AS value FROM public.governance_object_ownership
          WHERE created_by = 'PROD_OWNERSHIP_SEED_2026-06-03' $q$),
    ('containment_unregistered_groups', ARRAY['v_governance_object_containment.parent_ref',
                                              'axis_value.axis_code', 'axis_value.value_code', 'axis_value.status'],
      $q$ SELECT count(DISTINCT edge.parent_ref) AS value FROM public.v_governance_object_containment AS edge
          WHERE NOT EXISTS (
            SELECT FROM public.axis_value AS value
            WHERE value.axis_code = 'containment' AND value.value_code = edge.parent_ref AND value.status = 'active') $q$),
    ('containment_without_group', ARRAY['v_governance_object_inventory.object_type', 'v_governance_object_inventory.object_ref', 'v_governance_object_inventory.requires_owner', 'v_governance_object_inventory.born',
                                        'v_governance_object_containment.object_type', 'v_governance_object_containment.object_ref'],
      $q$ SELECT count(*) AS value
          FROM (SELECT object_type, object_ref FROM public.v_governance_object_inventory WHERE requires_owner AND born
                EXCEPT
                SELECT object_type, object_ref FROM public.v_governance_object_containment) AS alone $q$),
    ('mapped_labels_inactive', ARRAY['taxonomy.code', 'taxonomy.status'],
      $q$ SELECT count(*) AS value
          FROM unnest(ARRAY['LBL-006', 'LBL-061', 'LBL-004', 'LBL-101', 'LBL-014', 'LBL-002']) AS label (code)
          WHERE NOT EXISTS (
            SELECT FROM public.taxonomy WHERE taxonomy.code = label.code AND taxonomy.status = 'active') $q$)

  ) AS entry (reading, needs, query)
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
)
SELECT
  reading,
  CASE WHEN readable THEN (xpath('/table/row/value/text()', query_to_xml(query, false, false, '')))[1]::text END AS value
FROM judged
ORDER BY position;
