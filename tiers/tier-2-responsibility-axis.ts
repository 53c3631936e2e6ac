import type { TierDeclaration } from "../provider";
import { entry, exit, GUARDS } from "./gates";

/** The responsibility axis, so that the new gap can be compared with the canonical one before anything is seeded. */
export const responsibilityAxis: TierDeclaration = {
  tier: 2,
  name: "responsibility-axis",
  title: "Responsibility axis",
  apply: "sql/prod/20_responsibility_axis.sql",
  rollback: "sql/prod_rollback/20_responsibility_axis.sql",
  gates: [
    ...GUARDS,
    entry("axis_objects", "=", "43"),
    entry("structure", "=", "as defined"),
    entry("foreign_privileges", "=", "none"),
    entry("others_rows", "=", "none"),
    exit("responsibility_required", "=", "210"),
    exit("responsibility_gap_drift", "=", "0"),
    exit("rows_differing", "=", "none"),
  ],
  delta: {
    objects: {},
    rows: {
      "public.axis_registry": { inserted: 1, own: "axis_code = 'responsibility'" },
      "public.axis_value": { inserted: 6, own: "axis_code = 'responsibility'" },
      "public.coverage_rule": { inserted: 1, own: "rule_code = 'CR-RESP-ALL'" },
    },
    readings: { active_axes: { before: 0, after: 1 }, responsibility_required: { before: 0, after: 210 } },
  },
  parameters: ["database"],
};
