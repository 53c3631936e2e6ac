import type { TierDeclaration } from "../provider";
import { entry, exit, GUARDS } from "./gates";

/** One scan materializes the drift as it is; its rows live on with later scans. About 38 (docs/specification.md S38). */
export const scannerBaseline: TierDeclaration = {
  tier: 6,
  name: "scanner-baseline",
  title: "Scanner baseline",
  apply: "sql/prod/60_scanner_baseline.sql",
  rollback: "sql/prod_rollback/60_scanner_baseline.sql",
  gates: [
    ...GUARDS,
    entry("active_axes", "=", "3"),
    exit("critical_drift", "=", "0"),
    exit("emittable", "=", "0"),
    exit("governance_outbox", "=", "0"),
    exit("active_event_types", "=", "0"),
  ],
  delta: {
    objects: {},
    rows: {
      "public.governance_scan_run": { inserted: 1, own: "true", operational: true },
      "public.governance_drift_state": { inserted: { from: 30, to: 46 }, own: "true", operational: true },
      "public.axis_candidate_finding": { inserted: { from: 25, to: 41 }, own: "true", operational: true },
      "public.governance_event_log": { inserted: 0, own: "true", operational: true },
    },
    // Before the first scan drift is unknown, not zero.
    readings: { open_drift: { before: null, after: { from: 30, to: 46 } } },
  },
  parameters: ["database"],
};
