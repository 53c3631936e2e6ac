import type { BlockerTokens } from "../provider";

/** The words of the gate monitor's verdict line, which cron jobs and sql/gate_monitor/gate_check.sql have in common. */
export const blockerTokens: BlockerTokens = {
  ratified_request: { onlyWith: "ratifiedApr" },
  prerequisite_views: { subject: "prereq" },
  axis_objects: { subject: "axis", blocker: "axis_present" },
  ownership_gap: { subject: "gap" },
  ownership_rows: { subject: "own" },
  ownership_conflict: { subject: "conflict" },
  governance_outbox: { subject: "emit" },
  active_event_types: { subject: "event_types_active" },
};
