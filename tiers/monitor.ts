import type { Monitor } from "../provider";

/** How the gate monitor watches, in the words that cron jobs and sql/gate_monitor/gate_check.sh have in common. */
export const monitor: Monitor = {
  tokens: {
    ratified_request: { names: "ratifiedApr" },
    prerequisite_views: { subject: "prereq" },
    axis_objects: { subject: "axis", blocker: "axis_present" },
    ownership_gap: { subject: "gap" },
    ownership_rows: { subject: "own" },
    ownership_conflict: { subject: "conflict" },
    governance_outbox: { subject: "emit" },
    active_event_types: { subject: "event_types_active" },
  },
  // Rows of others count on the axis that a tier is about to seed, and on no other.
  settings: {
    2: { "one_roof.axis": "responsibility" },
    4: { "one_roof.axis": "containment" },
    5: { "one_roof.axis": "topic" },
  },
};
