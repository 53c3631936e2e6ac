import { applyTier, type Moment, neededReadings, takeMoment, TierRefused } from "./apply";
import { codeOf, mayNotWrite, messageOf, RETRYABLE, RolloutError } from "./errors";
import { type Fingerprint, takeFingerprint } from "./fingerprint";
import type { HoldWatch } from "./hold";
import { createLedger, type LedgerRow } from "./ledger";
import { type Blocked, findObstacles, requireNoObstacles } from "./obstacles";
import type { Release, TierScripts } from "./release";
import type { Stop, TierReport } from "./report";
import { writes } from "./rollout";
import { parseScript, type Script } from "./script";
import type { Session } from "./session";
import type { Parameters } from "./settings";
import { rollBackTier } from "./rollback";

/** Time that one step of a rehearsal took, for the log only. */
export interface Cost {
  readonly step: string;
  readonly milliseconds: number;
}

/** What a rehearsal found: a report a tier it reached, in the order of the tiers. */
export interface Rehearsal {
  readonly reports: readonly TierReport[];
  readonly costs: readonly Cost[];
}

/** A tier that ran in the rehearsal and is still there, with what is needed to roll it back. */
interface Standing {
  readonly scripts: TierScripts;
  readonly entry: Fingerprint;
  readonly before: Moment;
  report: TierReport;
}

/**
 * Applies the pending tiers one after the other in the transaction that `session` has open, then rolls them back
 * in reverse, each against the fingerprint of its own entry. The caller ends the transaction with ROLLBACK.
 * Stops at the first tier that refuses: what comes after it cannot be measured.
 */
export async function rehearseUp(
  session: Session,
  release: Release,
  tiers: readonly TierScripts[],
  parameters: Parameters,
  hold: HoldWatch,
): Promise<Rehearsal> {
  const costs: Cost[] = [];
  const reports: TierReport[] = [];
  const standing: Standing[] = [];
  const first = neededReadings(release, tiers[0]?.declaration);
  let moment = await timed(costs, "entry", () => takeMoment(session, release, first));
  for (const [index, scripts] of tiers.entries()) {
    const { tier, title } = scripts.declaration;
    hold.reached(`tier ${String(tier)} (${title})`);
    const before = moment;
    const entry = await takeFingerprint(session, scripts.declaration, before.snapshot);
    await session.query("SAVEPOINT tier");
    try {
      const { report, after } = await timed(costs, `tier ${String(tier)}`, () =>
        applyTier(session, release, scripts, parameters, before, { next: tiers[index + 1]?.declaration }),
      );
      // The ledger takes rights of its own, and the way back must be able to drop it.
      if (writes(scripts.declaration)) await createLedger(session, release.rollout);
      standing.push({ scripts, entry, before, report });
      moment = after;
    } catch (error) {
      if (!(error instanceof TierRefused) || hold.cancelled() || endsRehearsal(error)) throw error;
      await session.query("ROLLBACK TO SAVEPOINT tier");
      reports.push(error.report);
      break;
    }
  }
  await hold.observe();
  await rehearseWayBack(session, release, standing, moment, costs, hold);
  return { reports: [...standing.map(({ report }) => report), ...reports], costs };
}

/** What no tier is to blame for: a login that may not write, or another session that is in the way. */
function endsRehearsal(error: unknown): boolean {
  return mayNotWrite(error) || RETRYABLE.has(codeOf(error) ?? "");
}

async function rehearseWayBack(
  session: Session,
  release: Release,
  standing: readonly Standing[],
  from: Moment,
  costs: Cost[],
  hold: HoldWatch,
): Promise<void> {
  let moment = from;
  for (const step of [...standing].reverse()) {
    const { declaration, rollback } = step.scripts;
    if (!rollback) {
      step.report = { ...step.report, rollback: "nothing to roll back" };
      continue;
    }
    hold.reached(`rollback of tier ${String(declaration.tier)} (${declaration.title})`);
    await session.query("SAVEPOINT rollback");
    try {
      const { stops, after } = await timed(costs, `rollback ${String(declaration.tier)}`, () =>
        rollBackTier(session, release, declaration, rollback, step.entry, moment),
      );
      step.report = judged(step.report, [...stops, ...notAsBefore(step.before, after)]);
      moment = after;
    } catch (error) {
      if (hold.cancelled() || endsRehearsal(error)) throw error;
      step.report = judged(step.report, [messageOf(error)]);
      return;
    }
  }
}

/** Objects that the way back did not leave as they were before the tier, identifiers and all. */
function notAsBefore(before: Moment, after: Moment): string[] {
  return [...before.snapshot.objects]
    .filter(([key, mark]) => after.snapshot.objects.get(key) !== mark)
    .map(([key]) => `not restored: ${key} is not what it was`);
}

function judged(report: TierReport, stops: readonly string[]): TierReport {
  if (!stops.length) return { ...report, rollback: "exact" };
  const said = stops.map((stop): Stop => ({
    kind: "rollback",
    text: `rollback of tier ${String(report.tier)}: ${stop}`,
  }));
  return { ...report, verdict: "STOP", rollback: "refused", stops: [...report.stops, ...said] };
}

/** A tier to roll back, with what the ledger recorded when it was applied. */
export interface Doomed {
  readonly scripts: TierScripts;
  readonly ledger: LedgerRow;
}

/**
 * Rolls back applied tiers, latest first, in the open transaction. Throws a RolloutError that lists every reason
 * that stands against any of them, or those of the first one whose proof fails.
 */
export async function rehearseDown(
  session: Session,
  release: Release,
  doomed: readonly Doomed[],
  hold: HoldWatch,
): Promise<Cost[]> {
  const costs: Cost[] = [];
  let moment = await timed(costs, "entry", () => takeMoment(session, release, release.rollout.invariants));
  const blocked: Blocked[] = [];
  for (const { scripts, ledger } of [...doomed].reverse()) {
    const { declaration } = scripts;
    const obstacles = await findObstacles(session, release.rollout, declaration, ledger, moment.snapshot);
    blocked.push({ declaration, obstacles });
  }
  requireNoObstacles(blocked);
  for (const { scripts, ledger } of [...doomed].reverse()) {
    const { declaration } = scripts;
    hold.reached(`rollback of tier ${String(declaration.tier)} (${declaration.title})`);
    const script = await rollbackScript(scripts, ledger);
    const { stops, after } = await timed(costs, `rollback ${String(declaration.tier)}`, () =>
      rollBackTier(session, release, declaration, script, ledger.entry, moment),
    );
    if (stops.length) throw refusedRollback(scripts, stops);
    moment = after;
  }
  await hold.observe();
  return costs;
}

/** The rollback as it was recorded when the tier was applied; the file may have changed since. */
export async function rollbackScript({ declaration }: TierScripts, { rollbackSql }: LedgerRow): Promise<Script> {
  return parseScript(`${declaration.rollback ?? "rollback"} (as recorded in the ledger)`, rollbackSql);
}

/** The refusal of a rollback with all its reasons. */
export function refusedRollback({ declaration }: TierScripts, stops: readonly string[]): RolloutError {
  return new RolloutError(
    `Tier ${String(declaration.tier)} (${declaration.title}) cannot be rolled back, nothing was changed:\n` +
      stops.map((stop) => `  - ${stop}`).join("\n"),
  );
}

async function timed<T>(costs: Cost[], step: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  costs.push({ step, milliseconds: Math.round(performance.now() - start) });
  return result;
}
