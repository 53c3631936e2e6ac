import type { TierDeclaration } from "../provider";
import { exit } from "./gates";

/** Reads only: the end state holds as a whole. (Tier 7, the inactive event boundary, is folded into Tiers 1 and 6.) */
export const verification: TierDeclaration = {
  tier: 8,
  name: "verification",
  title: "Verification",
  apply: "sql/prod/90_verify.sql",
  gates: [
    exit("database", "=", { parameter: "database" }),
    exit("ospa", ">=", "1"),
    exit("ownership_gap", "=", "0"),
    exit("ownership_conflict", "=", "0"),
    exit("responsibility_required", "=", "210"),
    exit("responsibility_axis_gap", "=", "0"),
    exit("containment_required", "=", "35"),
    exit("containment_gap", "=", "0"),
    exit("active_axes", "=", "3"),
    exit("divergent", "=", "0"),
    exit("projection_gap", "=", "0"),
    exit("label_orphans", "=", "0"),
    exit("critical_drift", "=", "0"),
    exit("emittable", "=", "0"),
    exit("governance_outbox", "=", "0"),
    exit("active_event_types", "=", "0"),
    exit("kg_domain_x", "=", "active"),
    exit("structure", "=", "as defined"),
    exit("foreign_privileges", "=", "none"),
    exit("idle_in_the_way_over_5s", "=", "0"),
  ],
  delta: { objects: {}, rows: {}, readings: {} },
  parameters: ["database"],
};
