import { describeFinding } from "../model/describe";
import { type Stop, stopsOf } from "../model/findings";
import type { RunRequest } from "../model/configuration";
import type { TierReport } from "../model/report";
import { type Rollout, tierBefore, writes } from "../model/rollout";
import type { ReleaseIdentity, RunVerdict } from "../model/tier-inputs";
import { acceptance, isAccepted } from "../ledger/acceptance";
import type { LedgerStatus } from "./pending";

/** What was measured of a run. */
export interface Judged {
  readonly rollout: Rollout;
  readonly reports: readonly TierReport[];
  /** What keeps this login from applying this release. */
  readonly access: readonly Stop[];
}

/** Judges the run as a whole from the reports of its tiers and the drift of those that are applied. */
export function judgeRun(
  { pending, toRollBack, ledger, adopted, drift }: LedgerStatus,
  { rollout, reports, access }: Judged,
  identity: ReleaseIdentity,
  { acceptUnrehearsed }: RunRequest,
): RunVerdict {
  const writesNow = pending.some(({ declaration }) => writes(declaration));
  const applies = writesNow || ledger.size === 0 ? pending.map(({ declaration }) => declaration.tier) : [];
  const adopts = adopted.map(({ declaration }) => declaration.tier);
  const judged = reports.filter(({ tier }) => applies.includes(tier) || adopts.includes(tier));
  // Drift never blocks the way down here: each rollback judges its own.
  const drifted = toRollBack.length ? [] : driftStops(rollout, drift);
  const stopped = judged.some(({ verdict }) => verdict === "STOP") || drifted.length > 0 || access.length > 0;
  const missing =
    applies.length + adopts.length > judged.length || judged.some(({ verdict }) => verdict === "NOT REHEARSED");
  return {
    verdict: stopped ? "STOP" : missing ? "NOT REHEARSED" : "PASS",
    applies,
    adopts,
    removes: toRollBack.map(({ scripts }) => scripts.declaration.tier),
    stops: [...access, ...drifted, ...invariantsOnce(judged.flatMap(({ stops }) => stops))],
    reversible: judged.filter(({ rollback }) => rollback === "exact").map(({ tier }) => tier),
    gates: Object.fromEntries(judged.map(({ tier, gates }) => [tier, gates])),
    ...identity,
    acceptedUnrehearsed: acceptUnrehearsed,
  };
}

/** What is true of every tier, such as an invariant that this login may not read, is said once, on the first. */
function invariantsOnce(stops: readonly Stop[]): Stop[] {
  const said = new Set<string>();
  return stops.filter(({ finding }) => {
    if (finding.is !== "invariant") return true;
    const fact = describeFinding(finding);
    const isNew = !said.has(fact);
    said.add(fact);
    return isNew;
  });
}

/** Drift that was not accepted. */
function driftStops(rollout: Rollout, drift: LedgerStatus["drift"]): Stop[] {
  return [...drift]
    .filter(([tier, differences]) => differences.length > 0 && !isAccepted(tier, differences))
    .flatMap(([tier, differences]) => {
      const before = tierBefore(rollout, tier);
      const accepted = acceptance(tier, differences);
      return stopsOf("drift", tier, [
        { is: "drift", differences, acceptance: accepted, ...(before !== undefined && { before }) },
      ]);
    });
}
