import type { TierDeclaration } from "../provider";
import { entry } from "./gates";

/** Reads only: the database is approved for the rollout and exactly in the expected state. */
export const preflight: TierDeclaration = {
  tier: 0,
  name: "preflight",
  title: "Preflight",
  apply: "sql/prod/00_preflight.sql",
  gates: [
    entry("database", "=", { parameter: "database" }),
    entry("server_version", ">=", "150000"),
    entry("ospa", ">=", "1"),
    entry("ospa_valid", "=", "approved"),
    entry("ratified_request", "=", "approved"),
    entry("prerequisite_views", "=", "5"),
    entry("axis_objects", "=", "0"),
    entry("ownership_gap", "=", "210"),
    entry("ownership_rows", "=", "0"),
    entry("ownership_conflict", "=", "0"),
    entry("governance_outbox", "=", "0"),
    entry("active_event_types", "=", "0"),
    // Beyond the stop gates of docs/specification.md S9 to S16: what a later tier would stumble over.
    entry("idle_in_the_way_over_5s", "=", "0"),
    entry("server_writable", "=", "yes"),
    entry("missing_rights", "=", "none"),
    entry("columns_missing", "=", "none"),
    entry("agencies_missing", "=", "none"),
    entry("mapped_labels_inactive", "=", "0"),
    entry("rule_labels_unknown", "=", "none"),
    entry("orphan_labels", "=", "0"),
  ],
  delta: { objects: {}, rows: {}, readings: {} },
  parameters: ["database", "ratifiedApr"],
};
