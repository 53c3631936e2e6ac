import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, messageOf, RolloutError } from "../model/errors";
import { type Blocker, blockersOf, describeBlockers } from "./blockers";
import { connectObserver, type Session } from "./session";
import { isRetryable } from "./sqlstate";

/** Says something to the operator at once. */
export type Log = (line: string) => void;

/** Whoever waits for others on the server: its session, how long it tries, and to whom it tells for whom it waits. */
export interface Waiting {
  readonly session: Session;
  readonly options: { readonly retryBudget: number };
  readonly log: Log;
}

/** Pause between two tries, in milliseconds: doubled each time up to the last, with jitter. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** How often the second connection asks who blocks us, in milliseconds. */
const WATCH_MS = 100;

/** A pause before try `attempt` (from 0), jittered so that two waiting rollouts do not keep colliding. */
export function pause(attempt: number): number {
  const full = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
  return full * (0.5 + Math.random() / 2);
}

/**
 * Tries the whole of `work`, a transaction that rolls itself back when it fails, again on serialization failures and
 * lock time-outs, inside the retry budget. Names the holder while it waits, and when it gives up.
 */
export async function retried<T>({ session, options, log }: Waiting, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + options.retryBudget;
  for (let attempt = 0; ; attempt++) {
    const watch = watchBlockers(session, log);
    try {
      return await work();
    } catch (error) {
      const blockers = await watch.stop();
      if (!isRetryable(error)) throw error;
      const held = blockers.length ? ` Held by ${describeBlockers(blockers)}.` : "";
      if (performance.now() >= deadline) throw givenUp(error, held, options.retryBudget);
      log(`${messageOf(error)}.${held} Trying again.`);
      await sleep(pause(attempt));
    } finally {
      await watch.stop();
    }
  }
}

function givenUp(error: unknown, held: string, budget: number): RolloutError {
  return new RolloutError(
    `${messageOf(error)}.${held} Nothing was changed. Tried for ${budget / 1_000} s (retryBudget). Try again when it is free.`,
    codeOf(error),
    { cause: error },
  );
}

interface Watch {
  /** Ends the watch; gives the blockers seen last. */
  stop(): Promise<Blocker[]>;
}

/** Watches from a second connection whether the session waits for a lock, and says for whom. */
function watchBlockers(session: Session, log: Log): Watch {
  const end = new AbortController();
  let seen: Blocker[] = [];
  const watching = (async () => {
    let observer: Session | undefined;
    try {
      for (let told = false; !end.signal.aborted;) {
        await sleep(WATCH_MS, undefined, { signal: end.signal });
        observer ??= await connectObserver(session, "observer");
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
