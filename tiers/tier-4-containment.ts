import type { TierDeclaration } from "../provider";
import { entry, exit, GUARDS } from "./gates";

const TAG = "PROD_containment_2026-06-03";

/** Each governed collection in its group, with the group's agency accountable. */
export const containment: TierDeclaration = {
  tier: 4,
  name: "containment",
  title: "Containment",
  apply: "sql/prod/40_containment.sql",
  rollback: "sql/prod_rollback/40_containment.sql",
  gates: [
    ...GUARDS,
    entry("ownership_seeded", "=", "30"),
    entry("group_owners_ambiguous", "=", "none"),
    entry("others_rows", "=", "none"),
    exit("containment_required", "=", "35"),
    exit("containment_gap", "=", "0"),
    exit("containment_unregistered_groups", "=", "0"),
    exit("containment_without_group", "=", "0"),
    exit("rows_differing", "=", "none"),
  ],
  delta: {
    objects: {},
    rows: {
      "public.axis_registry": { inserted: 1, own: `created_by = '${TAG}'` },
      "public.axis_value": { inserted: 5, own: `tag = '${TAG}'` },
      "public.coverage_rule": { inserted: 1, own: `tag = '${TAG}'` },
      "public.axis_assignment": { inserted: 35, own: `tag = '${TAG}'` },
      "public.axis_object_ownership": { inserted: 35, own: `tag = '${TAG}'` },
    },
    readings: {
      active_axes: { before: 1, after: 2 },
      containment_required: { before: 0, after: 35 },
      containment_gap: { before: 0, after: 0 },
    },
  },
  parameters: ["database"],
};
