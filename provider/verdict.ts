import { PULUMI } from "./command";
import { type ReleaseIdentity, runKey, type RunVerdict } from "./inputs";
import { acceptance, isAccepted } from "./obstacles";
import type { Stop, TierReport } from "./report";
import { writes } from "./rollout";
import type { Standing, Wish } from "./stand";

/** Judges the run as a whole from the reports of its tiers and the drift of those that are applied. */
export function judgeRun(
  { pending, doomed, ledger, adopted }: Standing,
  reports: readonly TierReport[],
  drift: ReadonlyMap<number, readonly string[]>,
  identity: ReleaseIdentity,
  wish: Wish,
): RunVerdict {
  const writesNow = pending.some(({ declaration }) => writes(declaration));
  const applies = writesNow || ledger.size === 0 ? pending.map(({ declaration }) => declaration.tier) : [];
  const adopts = adopted.map(({ declaration }) => declaration.tier);
  const judged = reports.filter(({ tier }) => applies.includes(tier) || adopts.includes(tier));
  const drifted = doomed.length ? [] : driftStops(drift);
  const stopped = judged.some(({ verdict }) => verdict === "STOP") || drifted.length > 0;
  const missing =
    applies.length + adopts.length > judged.length || judged.some(({ verdict }) => verdict === "NOT REHEARSED");
  return {
    verdict: stopped ? "STOP" : missing ? "NOT REHEARSED" : "PASS",
    applies,
    adopts,
    removes: doomed.map(({ scripts }) => scripts.declaration.tier),
    stops: [...drifted, ...once(judged.flatMap(({ stops }) => stops))],
    reversible: judged.filter(({ rollback }) => rollback === "exact").map(({ tier }) => tier),
    gates: Object.fromEntries(
      judged.flatMap(({ tier, gates }) => Object.entries(gates).map(([key, reading]) => [runKey(tier, key), reading])),
    ),
    ...identity,
    acceptedUnrehearsed: wish.acceptUnrehearsed,
  };
}

/** What is true of every tier, such as an invariant that this login may not read, is said once, on the first. */
function once(stops: readonly Stop[]): Stop[] {
  const said = new Set<string>();
  return stops.filter(({ text }) => {
    const fact = /invariant .*/.exec(text)?.[0];
    if (fact === undefined) return true;
    const isNew = !said.has(fact);
    said.add(fact);
    return isNew;
  });
}

/** Drift that was not accepted, with the two ways out. A way down is never blocked by it here. */
function driftStops(drift: ReadonlyMap<number, readonly string[]>): Stop[] {
  return [...drift].flatMap(([tier, found]): Stop[] => {
    if (!found.length || isAccepted(tier, found)) return [];
    const ways =
      `Roll back to tier ${String(tier - 1)} and up again (${PULUMI} config set throughTier ${String(tier - 1)}; ${PULUMI} up), ` +
      `or accept it as it is: ROLLOUT_ACCEPT=${acceptance(tier, found)}`;
    return [{ kind: "drift", text: `tier ${String(tier)} has drifted: ${found.join("; ")}. ${ways}` }];
  });
}
