import { setTimeout as sleep } from "node:timers/promises";
import { TierRefused } from "./apply";
import { type Blocker, describeBlockers } from "./blockers";
import { codeOf, mayNotWrite, messageOf, RETRYABLE, RolloutError } from "./errors";
import type { ReleaseIdentity, RunVerdict } from "./inputs";
import { readLedger } from "./ledger";
import { type PlannedTier, plannedTier } from "./planned";
import { show, takeReadings } from "./readings";
import { rehearse, unrehearsed } from "./rehearse";
import type { Release } from "./release";
import type { TierReport } from "./report";
import type { Readings } from "./rollout";
import { connect, type Session, type Target } from "./session";
import { type Parameters, type RunOptions, sessionSettings } from "./settings";
import { takeSnapshot } from "./snapshot";
import { measureDrift, stand, type Standing, type Wish } from "./stand";
import { verifyStanding } from "./standing";
import { type Log, pause, watchBlockers, withRolloutLock } from "./transaction";
import { judgeRun } from "./verdict";

/** The whole run, rehearsed. */
export interface Plan {
  readonly target: Target;
  readonly tiers: readonly PlannedTier[];
  readonly run: RunVerdict;
  readonly readings: Readings;
}

/**
 * Connects, takes the readings, asks the ledger and rehearses what the run would do, up or down, in one transaction
 * that is rolled back. Throws a RolloutError when the target is out of reach, when the ledger is broken, or when a
 * rollback that the run implies would be refused.
 */
export async function planRun(
  release: Release,
  identity: ReleaseIdentity,
  wish: Wish,
  options: RunOptions,
  log: Log,
): Promise<Plan> {
  const settings = sessionSettings(release.rollout, wish.parameters, options);
  const session = await connect(settings, `${release.rollout.name} rollout rehearsal`, options.statementTimeout);
  try {
    // One at a time: a rehearsal beside another run would measure what is not there to stay.
    return await withRolloutLock(session, release.rollout, options, log, () =>
      retried(session, log, () => plan(session, release, identity, wish, options, log)),
    );
  } finally {
    await session.close();
  }
}

/** How often a plan is tried when another session is in its way: the application comes first. */
const TRIES = 3;

/** Tries again on lock time-outs and serialization failures, a few times, and names the holder when it gives up. */
async function retried<T>(session: Session, log: Log, work: () => Promise<T>): Promise<T> {
  const watch = watchBlockers(session, log);
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!RETRYABLE.has(codeOf(error) ?? "")) throw error;
        if (attempt === TRIES) throw blocked(error, await watch.stop());
        await sleep(pause(attempt));
      }
    }
  } finally {
    await watch.stop();
  }
}

function blocked(error: unknown, blockers: readonly Blocker[]): RolloutError {
  const held = blockers.length ? ` Held by ${describeBlockers(blockers)}.` : "";
  return new RolloutError(
    `${messageOf(error)}.${held} Tried ${String(TRIES)} times; nothing was changed. Try again when it is free.`,
    codeOf(error),
    { cause: error },
  );
}

async function plan(
  session: Session,
  release: Release,
  identity: ReleaseIdentity,
  wish: Wish,
  options: RunOptions,
  log: Log,
): Promise<Plan> {
  const ledger = await readLedger(session, release.rollout);
  const readings = await takeReadings(session, release.probe);
  const standing = await stand(session, release, ledger, wish);
  const drift = await measureDrift(session, release, standing, wish.throughTier);
  const reports = await report(session, release, standing, readings, wish, options, log);
  const tiers = release.tiers
    .filter(({ declaration }) => declaration.tier <= wish.throughTier)
    .map((scripts) => plannedTier(release.rollout, scripts, standing, reports, drift, wish.parameters));
  return { target: session.target, tiers, readings, run: judgeRun(standing, reports, drift, identity, wish) };
}

async function report(
  session: Session,
  release: Release,
  standing: Standing,
  readings: Readings,
  wish: Wish,
  options: RunOptions,
  log: Log,
): Promise<TierReport[]> {
  const adopted = await verifyAdopted(session, release, standing, readings, wish.parameters);
  const without = (why: string) => {
    const taken = Object.entries(readings).map(([name, reading]) => `${name} ${show(reading)}`);
    log(`NOT REHEARSED: ${why}. Only readings were taken: ${taken.join(", ")}`);
    return [...adopted, ...unrehearsed(release, standing.pending, wish.parameters, readings)];
  };
  if (!wish.rehearse) return without("the configuration says rehearse: false");
  try {
    return [...adopted, ...(await rehearse(session, release, standing, wish.parameters, options, log))];
  } catch (error) {
    if (!mayNotWrite(error) || !(error instanceof RolloutError)) throw error;
    const reason = error instanceof TierRefused ? error.report.stops.map(({ text }) => text).join("; ") : error.message;
    return without(`this login may not write (${reason})`);
  }
}

async function verifyAdopted(
  session: Session,
  release: Release,
  { adopted }: Standing,
  readings: Readings,
  parameters: Parameters,
): Promise<TierReport[]> {
  if (!adopted.length) return [];
  const snapshot = await takeSnapshot(session, [release.rollout.ledgerSchema]);
  const reports: TierReport[] = [];
  for (const { declaration } of adopted) {
    reports.push(await verifyStanding(session, release, declaration, parameters, readings, snapshot));
  }
  return reports;
}
