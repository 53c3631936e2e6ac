import { setTimeout as sleep } from "node:timers/promises";
import { type Blocker, blockersOf, describeBlockers, lockHolders } from "./blockers";
import { codeOf, messageOf, RETRYABLE, RolloutError } from "./errors";
import type { Rollout } from "./rollout";
import { connectObserver, type Session } from "./session";
import type { RunOptions } from "./settings";

/** Says something to the operator at once. */
export type Log = (line: string) => void;

/** Pause between two tries, in milliseconds: doubled each time up to the last, with jitter. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** A pause before try `attempt` (from 0), jittered so that two waiting rollouts do not march in step. */
export function pause(attempt: number): number {
  const full = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
  return full * (0.5 + Math.random() / 2);
}

/**
 * Holds the rollout's advisory lock while `work` runs. Polls for it inside the retry budget, names the holder
 * while it waits, and throws when the budget is used up. The lock ends with the session at the latest.
 */
export async function withRolloutLock<T>(
  session: Session,
  rollout: Rollout,
  options: RunOptions,
  log: Log,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + options.retryBudget;
  for (let attempt = 0; ; attempt++) {
    const [row] = await session.query<{ held: boolean }>("SELECT pg_try_advisory_lock($1, $2) AS held", [
      ...rollout.lock,
    ]);
    if (row?.held) break;
    const holders = describeBlockers(await lockHolders(session, rollout.lock));
    if (performance.now() >= deadline) {
      throw new RolloutError(
        `Another rollout is at work on ${session.target.database}: ${holders}. Nothing was changed. ` +
          `Wait until it has ended, then run the same command again.`,
      );
    }
    if (attempt === 0) log(`Waiting for another rollout on ${session.target.database}: ${holders}`);
    await sleep(pause(attempt));
  }
  try {
    return await work();
  } finally {
    await session.query("SELECT pg_advisory_unlock($1, $2)", [...rollout.lock]).catch(() => undefined);
  }
}

/**
 * Runs `work` in one REPEATABLE READ transaction, so that what others commit meanwhile does not blur before and
 * after. The whole transaction is tried again on serialization failures and lock time-outs, inside the retry
 * budget. Throws what `work` threw, after ROLLBACK.
 */
export async function inTransaction<T>(
  session: Session,
  options: RunOptions,
  log: Log,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + options.retryBudget;
  for (let attempt = 0; ; attempt++) {
    const watch = watchBlockers(session, log);
    try {
      return await once(session, work);
    } catch (error) {
      const blockers = await watch.stop();
      if (!RETRYABLE.has(codeOf(error) ?? "")) throw error;
      const held = blockers.length ? ` Held by ${describeBlockers(blockers)}.` : "";
      if (performance.now() >= deadline) {
        throw new RolloutError(
          `${messageOf(error)}.${held} Nothing was changed. Try again when it is free.`,
          codeOf(error),
          {
            cause: error,
          },
        );
      }
      log(`${messageOf(error)}.${held} Trying again.`);
      await sleep(pause(attempt));
    } finally {
      await watch.stop();
    }
  }
}

async function once<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  try {
    const result = await work();
    await session.query("COMMIT");
    return result;
  } catch (error) {
    await session.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** How often the second connection asks who blocks us, in milliseconds. */
const WATCH_MS = 100;

export interface Watch {
  /** Ends the watch; gives the blockers seen last. */
  stop(): Promise<Blocker[]>;
}

/** Watches from a second connection whether the session waits for a lock, and says for whom. */
export function watchBlockers(session: Session, log: Log): Watch {
  const end = new AbortController();
  let seen: Blocker[] = [];
  const watching = (async () => {
    let observer: Session | undefined;
    try {
      for (let told = false; !end.signal.aborted;) {
        await sleep(WATCH_MS, undefined, { signal: end.signal });
        observer ??= await connectObserver(`${session.application} observer`);
        const blockers = await blockersOf(observer, session.pid);
        if (!blockers.length) continue;
        seen = blockers;
        if (!told) log(`Waiting for a lock held by ${describeBlockers(blockers)}`);
        told = true;
      }
    } catch {
      // The watch only informs: without it the wait still ends by its time-out.
    } finally {
      await observer?.close();
    }
  })();
  return {
    async stop() {
      end.abort();
      await watching;
      return seen;
    },
  };
}
