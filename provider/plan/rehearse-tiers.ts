import type { Context } from "../context";
import { messageOf } from "../model/errors";
import { type Finding, stopsOf } from "../model/findings";
import type { TierReport } from "../model/report";
import { type TierDeclaration, writes } from "../model/rollout";
import type { LockBudget } from "../postgres/lock-budget";
import { isRetryable, mayNotWrite } from "../postgres/sqlstate";
import { applyTier, TierRefused } from "../execute/apply";
import { type DatabaseState, neededReadings, takeState } from "../execute/database-state";
import { refusedRollback, rollBackTier, rollbackOf } from "../execute/rollback";
import { type Fingerprint, takeFingerprint } from "../ledger/fingerprint";
import { createLedger } from "../ledger/ledger-table";
import { type BlockedTier, findRollbackBlockers, requireNoBlockers } from "../ledger/rollback-blockers";
import type { TierScripts } from "../release/release";
import type { TierToRollBack } from "./pending";

/** A rehearsal under way, in the transaction that its session has open. The caller ends that with ROLLBACK. */
export interface Rehearsing {
  readonly context: Context;
  readonly locks: LockBudget;
  /** Milliseconds that its steps took, for the log only; each step adds its own. */
  readonly costs: Map<string, number>;
}

/** A tier that ran in the rehearsal, with what is needed to roll it back. */
interface RehearsedTier {
  readonly scripts: TierScripts;
  readonly entry: Fingerprint;
  readonly before: DatabaseState;
  readonly report: TierReport;
}

/**
 * Applies the tiers one after the other, then rolls them back in reverse, each against the fingerprint of its own
 * entry. Gives a report for every tier it reached, in their order. Stops at the first tier that refuses: what comes
 * after it cannot be measured.
 */
export async function rehearseUp(rehearsing: Rehearsing, tiers: readonly TierScripts[]): Promise<TierReport[]> {
  const { context, locks } = rehearsing;
  const { session, release } = context;
  const applied: RehearsedTier[] = [];
  const refused: TierReport[] = [];
  const first = neededReadings(release.rollout, tiers[0]?.declaration);
  let state = await timed(rehearsing, "entry", () => takeState(context, first));
  for (const [index, scripts] of tiers.entries()) {
    const { declaration } = scripts;
    locks.reached(`tier ${declaration.tier} (${declaration.title})`);
    const before = state;
    const entry = await takeFingerprint(session, declaration, before.snapshot);
    await session.query("SAVEPOINT tier");
    try {
      const next = tiers[index + 1]?.declaration;
      const { report, after } = await timed(rehearsing, `tier ${declaration.tier}`, () =>
        applyTier(context, scripts, before, next),
      );
      // The ledger takes rights of its own, and the way back must be able to drop it.
      if (writes(declaration)) await createLedger(session, release.rollout);
      applied.push({ scripts, entry, before, report });
      state = after;
    } catch (error) {
      if (!(error instanceof TierRefused) || endsRehearsal(rehearsing, error)) throw error;
      await session.query("ROLLBACK TO SAVEPOINT tier");
      refused.push(error.report);
      break;
    }
  }
  return [...(await rehearseWayBack(rehearsing, applied, state)), ...refused];
}

/** What no tier is to blame for: its own locks, a login that may not write, or another session that is in the way. */
function endsRehearsal({ locks }: Rehearsing, error: unknown): boolean {
  return locks.refusal() !== undefined || mayNotWrite(error) || isRetryable(error);
}

/** Rolls the rehearsed tiers back, latest first; gives their reports, each with how its rollback ended. */
async function rehearseWayBack(
  rehearsing: Rehearsing,
  applied: readonly RehearsedTier[],
  from: DatabaseState,
): Promise<TierReport[]> {
  const { context } = rehearsing;
  const reports = applied.map(({ report }) => report);
  let state = from;
  for (const [index, { scripts, entry, before, report }] of [...applied.entries()].reverse()) {
    const { declaration, rollback: script } = scripts;
    if (!script) {
      reports[index] = { ...report, rollback: "nothing to roll back" };
      continue;
    }
    await context.session.query("SAVEPOINT rollback");
    try {
      const { findings, after } = await timedRollback(rehearsing, declaration, () =>
        rollBackTier(context, { declaration, script, entry }, state),
      );
      reports[index] = judged(report, [...findings, ...notAsBefore(before, after)]);
      state = after;
    } catch (error) {
      if (endsRehearsal(rehearsing, error)) throw error;
      reports[index] = judged(report, [{ is: "failure", message: messageOf(error) }]);
      break;
    }
  }
  return reports;
}

/** Objects that the way back did not leave as they were before the tier, identifiers and all. */
function notAsBefore(before: DatabaseState, after: DatabaseState): Finding[] {
  return [...before.snapshot.objects]
    .filter(([object, mark]) => after.snapshot.objects.get(object) !== mark)
    .map(([object]) => ({ is: "object not restored", object }));
}

function judged(report: TierReport, findings: readonly Finding[]): TierReport {
  if (!findings.length) return { ...report, rollback: "exact" };
  const stops = [...report.stops, ...stopsOf("rollback", report.tier, findings)];
  return { ...report, verdict: "STOP", rollback: "refused", stops };
}

/**
 * Rolls back applied tiers, latest first. Throws a RolloutError that lists everything that blocks any of them, or the
 * findings on the first one whose proof fails.
 */
export async function rehearseDown(rehearsing: Rehearsing, tiers: readonly TierToRollBack[]): Promise<void> {
  const { context } = rehearsing;
  const latestFirst = [...tiers].reverse();
  let state = await timed(rehearsing, "entry", () => takeState(context, context.release.rollout.invariants));
  const blocked: BlockedTier[] = [];
  for (const { scripts, recorded } of latestFirst) {
    const { declaration } = scripts;
    const blockers = await findRollbackBlockers(context, declaration, recorded, state.snapshot);
    blocked.push({ declaration, blockers });
  }
  requireNoBlockers(blocked);
  for (const { scripts, recorded } of latestFirst) {
    const { declaration } = scripts;
    const rollback = await rollbackOf(scripts, recorded);
    const { findings, after } = await timedRollback(rehearsing, declaration, () =>
      rollBackTier(context, rollback, state),
    );
    if (findings.length) throw refusedRollback(declaration, findings);
    state = after;
  }
}

function timedRollback<T>(
  rehearsing: Rehearsing,
  { tier, title }: TierDeclaration,
  work: () => Promise<T>,
): Promise<T> {
  rehearsing.locks.reached(`rollback of tier ${tier} (${title})`);
  return timed(rehearsing, `rollback ${tier}`, work);
}

async function timed<T>({ costs }: Rehearsing, step: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  costs.set(step, Math.round(performance.now() - start));
  return result;
}
