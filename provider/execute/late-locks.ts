import type { Context } from "../context";
import { messageOf } from "../model/errors";
import { heldBy } from "../postgres/blockers";
import type { Guard } from "../postgres/guard";
import { pause } from "../postgres/retry";
import { missedLock } from "../postgres/sqlstate";

/*
 * A lock that cannot be had would cost all that its transaction has done: a whole rehearsal, where that has come to its end, so
 * that few tries fit into the retry budget. But what takes it stands on a savepoint. Gone back to that, the transaction holds what it
 * held before, for which hardly anybody waits: its snapshot, weak locks, and rows that it wrote itself. Where somebody does, its guard
 * refuses as ever, and the whole is given up and tried again.
 */

/** Where late statements run, and who watches. */
export interface LateContext {
  readonly context: Context;
  readonly guard: Guard;
  /** Is told that their locks have been given back. */
  readonly givenBack: () => Promise<void> | void;
}

/**
 * Runs `work`, which stands on the savepoint `late`. As long as others hold what it locks, goes back there, waits until they
 * have ended, and runs it again: inside the retry budget, and for no more than half the time that the server gives a transaction, for
 * what comes afterwards needs its own.
 */
export async function untilLocked(
  { context, guard, givenBack }: LateContext,
  work: () => Promise<void>,
): Promise<void> {
  const { session, options, log } = context;
  const until = Math.min(guard.deadline, guard.began + options.statementTimeout / 2);
  for (let attempt = 0; ; attempt++) {
    try {
      await work();
      // A cancellation that came between two statements has stopped none of them.
      requireUnrefused(guard);
      return;
    } catch (error) {
      const failure = guard.refusal() ?? error;
      if (!missedLock(failure) || performance.now() >= until) throw error;
      await guard.disarm();
      await session.query("ROLLBACK TO SAVEPOINT late");
      await guard.resume();
      await givenBack();
      const blockers = guard.blockers();
      const when = blockers.length ? " when it has ended" : "";
      log(`${messageOf(failure)}.${heldBy(blockers)} Trying only that again${when}.`);
      await guard.outlast(blockers, until, performance.now() + pause(attempt));
      requireUnrefused(guard);
      if (performance.now() >= until) throw failure;
    }
  }
}

function requireUnrefused(guard: Guard): void {
  const refusal = guard.refusal();
  if (refusal) throw refusal;
}
