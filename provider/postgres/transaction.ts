import { RolloutError } from "../model/errors";
import type { Rollout } from "../model/rollout";
import { describeBlockers } from "./blockers";
import type { Guard } from "./guard";
import { pauseFor } from "./interruption";
import { describeStrangers, howToEnd, isStranger, type LockHolder, lockHolders } from "./lock-holders";
import { requireOwnLock } from "./pooler";
import { pause, retried, type Waiting } from "./retry";
import type { Session } from "./session";

/**
 * Holds the rollout's advisory lock while `work` runs. Polls for it inside the retry budget, holding nothing, names the
 * holder while it waits, and throws when the budget is used up. The lock ends with the session at the latest.
 */
export async function withRolloutLock<T>(
  { session, options, log }: Waiting,
  rollout: Rollout,
  work: () => Promise<T>,
): Promise<T> {
  const { database } = session.target;
  const deadline = performance.now() + options.retryBudget;
  for (let attempt = 0; ; attempt++) {
    const [row] = await session.query<{ held: boolean }>("SELECT pg_try_advisory_lock($1, $2) AS held", rollout.lock);
    if (row?.held) break;
    const holders = await lockHolders(session, rollout);
    if (performance.now() >= deadline) throw lockRefused(database, holders);
    if (attempt === 0) log(waitingFor(database, holders));
    await pauseFor(pause(attempt));
  }
  try {
    return await work();
  } finally {
    await session.query("SELECT pg_advisory_unlock($1, $2)", rollout.lock).catch(() => undefined);
  }
}

function waitingFor(database: string, holders: readonly LockHolder[]): string {
  return isStranger(holders)
    ? `Waiting for the rollout lock of ${database}, held by ${describeStrangers(holders)}`
    : `Waiting for another rollout on ${database}: ${describeBlockers(holders)}`;
}

function lockRefused(database: string, holders: readonly LockHolder[]): RolloutError {
  if (isStranger(holders)) {
    return new RolloutError(
      `The rollout lock of ${database} is held by ${describeStrangers(holders)}. Nothing was changed. ` +
        `Have it ended, then run the same command again. By ${howToEnd(holders)}`,
    );
  }
  return new RolloutError(
    `Another rollout is at work on ${database}: ${describeBlockers(holders)}. Nothing was changed. ` +
      `Wait until it has ended, then run the same command again.${holders.length ? ` Should it hang, it is ended by ${howToEnd(holders)}` : ""}`,
  );
}

/**
 * Runs `work`, which is at `step`, in one transaction that is committed when it returns, and tried again whole as `retried`
 * does. Nothing is committed once its guard has given way.
 */
export function inTransaction<T>(
  waiting: Waiting,
  rollout: Rollout,
  step: string,
  work: (guard: Guard) => Promise<T>,
): Promise<T> {
  const { session } = waiting;
  return retried(waiting, step, async (guard) => {
    try {
      await begin(session, rollout);
      const result = await work(guard);
      const refusal = await guard.disarm();
      if (refusal) throw refusal;
      await session.end("COMMIT");
      return result;
    } catch (error) {
      await guard.disarm();
      await rollBack(session);
      throw error;
    }
  });
}

/** Begins a transaction, under the rollout's lock, in which what others commit meanwhile does not blur before and after. */
export async function begin(session: Session, rollout: Rollout): Promise<void> {
  await session.begin("BEGIN ISOLATION LEVEL REPEATABLE READ");
  await requireOwnLock(session, rollout);
}

/** Ends a transaction without a trace. A connection that is lost has ended it already. */
export async function rollBack(session: Session): Promise<void> {
  await session.end("ROLLBACK").catch(() => undefined);
}
