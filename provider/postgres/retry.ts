import { codeOf, messageOf, RolloutError } from "../model/errors";
import { heldBy } from "./blockers";
import { type Guard, guard, type Log } from "./guard";
import { pauseFor } from "./interruption";
import type { Session } from "./session";
import { isRetryable } from "./sqlstate";

/** Whoever waits for others on the server: its session, how long it tries, and to whom it tells for whom it waits. */
export interface Waiting {
  readonly session: Session;
  readonly options: { readonly retryBudget: number };
  readonly log: Log;
}

/** Pause between two tries, in milliseconds: doubled each time up to the last, with jitter. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** A pause before try `attempt` (from 0), jittered so that two waiting rollouts do not keep colliding. */
export function pause(attempt: number): number {
  const full = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
  return full * (0.5 + Math.random() / 2);
}

/**
 * Tries the whole of `work`, which is at `step` and leaves nothing behind when it fails, again on serialization failures and
 * lock time-outs, and when its guard gave way to others, inside the retry budget. Names the holder while it waits, and
 * when it gives up. Until the holder has ended nothing is tried, so that nobody queues behind us.
 */
export async function retried<T>(
  { session, options, log }: Waiting,
  step: string,
  work: (guard: Guard) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + options.retryBudget;
  for (let attempt = 0; ; attempt++) {
    const watch = guard(session, log, deadline);
    watch.reached(step);
    try {
      return await work(watch);
    } catch (error) {
      const failure = (await watch.disarm()) ?? error;
      if (!isRetryable(failure)) throw failure;
      const blockers = watch.blockers();
      const held = heldBy(blockers);
      const givenUp = () => new GivenUp(watch.step(), failure, held, options.retryBudget);
      if (performance.now() >= deadline) throw givenUp();
      log(`${messageOf(failure)}.${held} ${blockers.length ? "Trying again when it has ended." : "Trying again."}`);
      await watch.outlast(blockers, deadline);
      if (blockers.length && performance.now() >= deadline) throw givenUp();
      await pauseFor(pause(attempt));
    } finally {
      await watch.end();
    }
  }
}

/** The budget is used up, and somebody is still in the way. Whoever has called says what stands and what is to be run next. */
export class GivenUp extends RolloutError {
  constructor(step: string, error: unknown, held: string, budget: number) {
    super(
      `${messageOf(error)}.${held} Nothing was changed. Tried for ${budget / 1_000} s (retryBudget), last at ${step}.`,
      codeOf(error),
      { cause: error },
    );
  }
}
