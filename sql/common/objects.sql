-- The 43 objects of One-Roof in the order of their creation, and the rows that each tier seeds in them.

-- Kind, name and the digest of the definition as Tier 1 makes it, as the reading structure computes it: after a change of the
-- structure that reading names the object, and the column live.digest of its query is what belongs here.
SET one_roof.objects = $objects$
  table    axis_registry                         56e5ab25fb09571837cb5da679074ba9
  table    axis_value                            6e4df48c98bbc9558f8b7509c96b6b61
  table    axis_assignment                       97d6d2b5d55b363676ac93bc6038ef75
  table    coverage_rule                         857b0519bcf4edaaad1c01879f2d216e
  table    axis_object_ownership                 2237f1669b07a44578defa2caabb1593
  table    axis_candidate_finding                455f2c71a7e730eef034e6a012e6b19a
  table    topic_taxonomy_map                    90565f70ebec9a148d5354edefc71edd
  table    topic_label_reconcile_decision        c3d630302c60d4628389f8050fda9872
  table    governance_scan_run                   c2231b74a68328a1446a505c1b6767e0
  table    governance_drift_state                057ef2cf4958ef1f6641217d7f89a0a2
  table    governance_event_log                  123050a4eb3251677f1a8c3e8f1932f4
  view     v_axis_required_cell                  fd39cdf51aa9782409797684df719962
  view     v_axis_effective_owner                0acac4d6ffec320171287e9e3c0997ce
  view     v_axis_coverage_gap                   68d063199143b38b419de6b3153d3c94
  view     v_axis_assignment_quality             11caef77d124e85cf7ca71de51f73d98
  view     v_axis_registry_coverage              0a1b1be09e56b3274d3576d8a92e94f4
  view     v_axis_missing_assignment             24c7730560d1dd611ae2040335034740
  view     v_axis_coverage_summary               b1d80ec196f8374ac54c0afc3c139c44
  view     v_axis_issue_payload                  6255d0a7a373a297a3a6752613b04aca
  view     v_axis_topic_parentage_conflict       69487976aafdf72e37035eb19c010678
  view     v_reconcile_label_orphan              b1be56df9d0b7a4e85704a6feccebef9
  view     v_reconcile_topic_without_label       a3c4e76a9a4981272e1f3b54351b0e36
  view     v_reconcile_label_without_topic       d6b4784b988bf4e58650ee7a664b4ed1
  view     v_reconcile_collection_topic_vs_label 9ef8b654a81b8c2a3547316d1d18938c
  view     v_reconcile_topic_projection_gap      182d708c92f058d342e94df82e1b0d8d
  view     v_reconcile_summary                   f534f0a11eb4e30fef19c8cca7174b46
  view     v_projection_lag_timing               d96d7ddedb487d98fb066e0e409cb120
  view     v_drift_stale_candidate_value         ce72ca16ddd93b705d61e9a508e2c5d5
  view     v_drift_unregistered_axis             f610f5f4a706afa828f97e4ffe35847b
  view     v_drift_ui_visible_unapproved         5dd6ceb0151898e9f390a0c541cf7c7d
  view     v_drift_coverage_rule_missing         47457fc5d565b3707c28083748606edf
  view     v_drift_finding                       4307ec6115177692ffd4367db0674d30
  view     v_drift_event_map                     8f08b7024cbaecd9a309ea52c76b9254
  view     v_drift_summary                       9db97baf61129b8a4c6b6d73424de8f6
  view     v_drift_issue_payload                 ca2995e69b02d7192e7f94e38a0bd5de
  view     v_ui_topic_tree                       aad9c2f6f5756eba2d788ad526ebd991
  view     v_ui_object_topic                     5d6c29515a31bb91e0dd93e4939fdba9
  view     v_ui_axis_browser                     201dbe4b4c9a46db99ce605c85a6c4c1
  view     v_ui_lane                             5c56c2c9e134566e32e8fb1b31651f6c
  view     v_ui_detector_findings                f5c26fa8446979ad2e114bbb3eaf3225
  view     v_ui_review_queue                     55a5aa6df410abae683ba26d6b0f3d1c
  view     v_ui_coverage_dashboard               537be220d7ee0d6e5924bcbca423d789
  function fn_governance_scan                    75960979b27016a5951701cde71a9115
$objects$;

-- Tier, table, and the condition that is true for the rows which that tier writes and for no others.
SET one_roof.seeds = $seeds$
  2 axis_registry                  created_by = 'PROD_responsibility_2026-06-03'
  2 axis_value                     tag = 'PROD_responsibility_2026-06-03'
  2 coverage_rule                  tag = 'PROD_responsibility_2026-06-03'
  3 governance_object_ownership    created_by = 'PROD_OWNERSHIP_SEED_2026-06-03'
  4 axis_registry                  created_by = 'PROD_containment_2026-06-03'
  4 axis_value                     tag = 'PROD_containment_2026-06-03'
  4 coverage_rule                  tag = 'PROD_containment_2026-06-03'
  4 axis_assignment                tag = 'PROD_containment_2026-06-03'
  4 axis_object_ownership          tag = 'PROD_containment_2026-06-03'
  5 axis_registry                  created_by = 'PROD_topic_2026-06-03'
  5 axis_value                     tag = 'PROD_topic_2026-06-03'
  5 coverage_rule                  tag = 'PROD_topic_2026-06-03'
  5 axis_assignment                tag = 'PROD_topic_2026-06-03'
  5 axis_object_ownership          tag = 'PROD_topic_2026-06-03'
  5 topic_taxonomy_map             tag = 'PROD_topic_2026-06-03'
  5 topic_label_reconcile_decision tag = 'PROD_topic_2026-06-03'
  6 governance_scan_run            true
  6 governance_drift_state         true
  6 axis_candidate_finding         true
  6 governance_event_log           true
$seeds$;
