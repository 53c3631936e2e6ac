import type { GateReadings } from "./gates";

/** What a tier was measured to change. */
export interface MeasuredDelta {
  /** Number of objects added, by kind. */
  readonly objects: Readonly<Record<string, number>>;
  /** Rows inserted, by table; tables without are left out. Any other write is a stop. */
  readonly rows: Readonly<Record<string, number>>;
  /** Readings that the contract names, such as `210 → 0`. */
  readonly readings: Readonly<Record<string, string>>;
}

/** What kind of rule a stop is about. */
export type StopKind = "gate" | "delta" | "invariant" | "rollback" | "failure" | "rehearsal" | "drift" | "adoption";

/** One reason not to go on, in words that name the tier. */
export interface Stop {
  readonly kind: StopKind;
  readonly text: string;
}

/** The texts of stops under a heading for people. */
export function listStops(stops: readonly Stop[]): string {
  return stops.map(({ text }) => `  - ${text}`).join("\n");
}

/** How the rehearsed rollback of a tier ended. */
export type RollbackVerdict = "exact" | "nothing to roll back" | "not rehearsed" | "refused";

/**
 * Everything measured on one tier that stays the same from one run to the next on an unchanged database: no
 * times, process ids or sequence positions. It is an input and an output of the tier's resource.
 */
export interface TierReport {
  readonly tier: number;
  readonly title: string;
  /** ADOPTED: it was there, without a ledger, and holds to its contract. */
  readonly verdict: "PASS" | "STOP" | "NOT REHEARSED" | "ADOPTED";
  /** What each stop gate measured, by position, name and condition: `exit ownership_gap = 0`. */
  readonly gates: GateReadings;
  readonly delta: MeasuredDelta;
  /** Everything that speaks against the tier. Empty exactly if the verdict is PASS or ADOPTED. */
  readonly stops: readonly Stop[];
  readonly rollback: RollbackVerdict;
}

export const NO_DELTA: MeasuredDelta = { objects: {}, rows: {}, readings: {} };
