/** The 43 objects, as the domain lists them: written out here so that a test does not believe the SQL it checks. */
export const TABLES = [
  "axis_registry",
  "axis_value",
  "axis_assignment",
  "coverage_rule",
  "axis_object_ownership",
  "axis_candidate_finding",
  "topic_taxonomy_map",
  "topic_label_reconcile_decision",
  "governance_scan_run",
  "governance_drift_state",
  "governance_event_log",
];

export const UI_VIEWS = [
  "v_ui_topic_tree",
  "v_ui_object_topic",
  "v_ui_axis_browser",
  "v_ui_lane",
  "v_ui_detector_findings",
  "v_ui_review_queue",
  "v_ui_coverage_dashboard",
];

export const VIEWS = [
  "v_axis_required_cell",
  "v_axis_effective_owner",
  "v_axis_coverage_gap",
  "v_axis_assignment_quality",
  "v_axis_registry_coverage",
  "v_axis_missing_assignment",
  "v_axis_coverage_summary",
  "v_axis_issue_payload",
  "v_axis_topic_parentage_conflict",
  "v_reconcile_label_orphan",
  "v_reconcile_topic_without_label",
  "v_reconcile_label_without_topic",
  "v_reconcile_collection_topic_vs_label",
  "v_reconcile_topic_projection_gap",
  "v_reconcile_summary",
  "v_drift_finding",
  "v_drift_summary",
  "v_drift_stale_candidate_value",
  "v_drift_unregistered_axis",
  "v_drift_ui_visible_unapproved",
  "v_drift_coverage_rule_missing",
  "v_projection_lag_timing",
  "v_drift_event_map",
  "v_drift_issue_payload",
  ...UI_VIEWS,
];

export const FUNCTION = "fn_governance_scan";
