import type { MeasuredDelta } from "../model/delta";
import type { Intent } from "../model/outcome";
import type { RunVerdict } from "../model/tier-inputs";
import type { LedgerStatus } from "./pending";
import type { PlannedTier } from "./planned-tier";

/** What a run is about to do, in numbers; `why` says why it was not rehearsed. */
export function intentOf(
  { toRollBack }: LedgerStatus,
  tiers: readonly PlannedTier[],
  run: RunVerdict,
  why: string,
): Intent {
  const { applies, adopts, removes, verdict, release, acceptedUnrehearsed } = run;
  const going = [...applies, ...adopts];
  const deltas = [
    ...tiers.filter(({ report: { tier } }) => going.includes(tier)).map(({ report }) => report.delta),
    ...toRollBack.map(({ recorded }) => recorded.report.delta),
  ];
  return {
    applies: applies.length,
    adopts: adopts.length,
    removes: removes.length,
    objects: count(deltas, "objects"),
    rows: count(deltas, "rows"),
    verdict,
    unrehearsed: going.length + removes.length > 0 ? why : "",
    accepted: acceptedUnrehearsed !== "" && acceptedUnrehearsed === release,
  };
}

function count(deltas: readonly MeasuredDelta[], what: "objects" | "rows"): number {
  return deltas.flatMap((delta) => Object.values(delta[what])).reduce((sum, each) => sum + each, 0);
}
