import type { MeasuredDelta } from "./delta";
import type { Stop } from "./findings";
import type { GateReadings } from "./gates";

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
  readonly gates: GateReadings;
  readonly delta: MeasuredDelta;
  /** Every reason not to apply the tier. Empty exactly if the verdict is PASS or ADOPTED. */
  readonly stops: readonly Stop[];
  readonly rollback: RollbackVerdict;
}
