import type { TierDeclaration } from "../provider";
import { entry, exit, GUARDS } from "./gates";

const TAG = "PROD_topic_2026-06-03";

/**
 * Topics, their map to the taxonomy and the assignments known so far. The specification (docs/specification.md S35)
 * derives them: how many assignments, owners and decisions there are depends on the live inventory and labels.
 */
export const topicFinalization: TierDeclaration = {
  tier: 5,
  name: "topic-finalization",
  title: "Topic finalization",
  apply: "sql/prod/50_topic_finalization.sql",
  rollback: "sql/prod_rollback/50_topic_finalization.sql",
  gates: [
    ...GUARDS,
    entry("containment_required", "=", "35"),
    entry("mapped_labels_inactive", "=", "0"),
    entry("rule_labels_unknown", "=", "none"),
    entry("group_owners_ambiguous", "=", "none"),
    entry("others_rows", "=", "none"),
    exit("divergent", "=", "0"),
    exit("projection_gap", "=", "0"),
    exit("kg_domain_x", "=", "active"),
    exit("rows_differing", "=", "none"),
  ],
  delta: {
    objects: {},
    rows: {
      "public.axis_registry": { inserted: 1, own: `created_by = '${TAG}'` },
      "public.axis_value": { inserted: 9, own: `tag = '${TAG}'` },
      "public.coverage_rule": { inserted: 1, own: `tag = '${TAG}'` },
      "public.topic_taxonomy_map": { inserted: 7, own: `tag = '${TAG}'` },
      "public.axis_assignment": { inserted: { from: 0, to: 6 }, own: `tag = '${TAG}'` },
      "public.axis_object_ownership": { inserted: { from: 0, to: 5 }, own: `tag = '${TAG}'` },
      "public.topic_label_reconcile_decision": { inserted: { from: 0, to: 6 }, own: `tag = '${TAG}'` },
    },
    readings: {
      active_axes: { before: 2, after: 3 },
      divergent: { before: 0, after: 0 },
      projection_gap: { before: 0, after: 0 },
      reconcile_decisions: { before: 0, after: { from: 0, to: 6 } },
    },
  },
  parameters: ["database"],
};
