import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { codeOf, RolloutError } from "../model/errors";
import { interruption } from "../lifeline";
import { INTERRUPTED, isDatabaseError, QUERY_CANCELED } from "./sqlstate";

/** How long a statement may go on after it was cancelled, until its connection is cut, in milliseconds. */
const HANG_UP_MS = 1_000;

// Every session listens.
setMaxListeners(0, interruption);

/** The run is to end: an operator's Ctrl-C, the end of a CI job, or the death of the command. */
export class Interrupted extends RolloutError {
  constructor(cause?: unknown) {
    super("Interrupted: nothing of what was under way stays.", INTERRUPTED, { cause });
  }
}

/** Refuses to begin anything once the run is to end. */
export function requireUninterrupted(): void {
  if (interruption.aborted) throw new Interrupted();
}

/** Waits so many milliseconds; throws as soon as the run is to end. */
export async function pauseFor(milliseconds: number): Promise<void> {
  await sleep(milliseconds, undefined, { signal: interruption }).catch((cause: unknown) => {
    throw new Interrupted(cause);
  });
}

/** What a session waits for at the server. */
export interface Interruptible {
  /** Throws, as does what was sent already, once the run is to end. */
  send<T>(question: () => Promise<T>): Promise<T>;
  /** Listens no more. */
  release(): void;
}

/**
 * Cancels at the server what a session waits for as soon as the run is to end, from a connection that `another` makes;
 * where that does not help, cuts its own.
 */
export function interruptible(client: Client, pid: number, another: () => Client): Interruptible {
  let waiting = 0;
  const cancel = async () => {
    if (!waiting) return;
    await cancelBackend(another(), pid).catch(() => undefined);
    await sleep(HANG_UP_MS, undefined, { ref: false });
    if (waiting) hangUp(client);
  };
  const release = onInterruption(() => void cancel());
  return {
    async send(question) {
      requireUninterrupted();
      waiting++;
      try {
        return await question();
      } catch (error) {
        if (interruption.aborted && (codeOf(error) === QUERY_CANCELED || !isDatabaseError(error))) {
          throw new Interrupted(error);
        }
        throw error;
      } finally {
        waiting--;
      }
    },
    release,
  };
}

/** Opens a connection; gives up as soon as the run is to end. */
export async function connectUninterrupted(client: Client): Promise<void> {
  requireUninterrupted();
  const release = onInterruption(() => hangUp(client));
  try {
    await client.connect();
  } catch (error) {
    throw interruption.aborted ? new Interrupted(error) : error;
  } finally {
    release();
  }
}

function onInterruption(listener: () => void): () => void {
  interruption.addEventListener("abort", listener, { once: true });
  return () => interruption.removeEventListener("abort", listener);
}

/** A login may cancel its own sessions, whatever role they have taken. */
async function cancelBackend(canceller: Client, pid: number): Promise<void> {
  canceller.on("error", () => undefined);
  try {
    await canceller.connect();
    await canceller.query("SELECT pg_catalog.pg_cancel_backend($1)", [pid]);
  } finally {
    await canceller.end();
  }
}

/** Cuts a connection without a word: its server rolls back what it has open. */
export function hangUp(client: Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
