import type { DatabaseError } from "pg";
import { codeOf, messageOf, RolloutError } from "../model/errors";
import { inLine } from "../model/harmless";

/**
 * SQLSTATE of a gate notice, of a refused gate, of what a gate's reading tells beside its value, and of a rollout lock held by
 * another session.
 */
export const GATE_NOTICE = "OR000";
export const GATE_REFUSED = "OR001";
export const GATE_TOLD = "OR002";
const LOCK_HELD = "OR003";

/** SQLSTATE of a statement that has waited for a lock for too long. */
const LOCK_NOT_AVAILABLE = "55P03";

/** Code of a transaction that was cancelled by its own guard, so that others need not wait for it. */
export const GAVE_WAY = "OR004";

/** Code of what was cut short because the run is to end, and of a statement that was cancelled. */
export const INTERRUPTED = "OR005";
export const QUERY_CANCELED = "57014";

/** Codes after which the whole transaction may be tried again: serialization, deadlock, lock not available, others went first. */
const RETRYABLE: ReadonlySet<string> = new Set(["40001", "40P01", LOCK_NOT_AVAILABLE, LOCK_HELD, GAVE_WAY]);

/** SQLSTATEs of a login that may not write, and of a server that takes no writes (a standby, a read-only setting). */
const MAY_NOT_WRITE: ReadonlySet<string> = new Set(["42501", "25006"]);

/** True if another session was in the way, so that the same transaction may pass a moment later. */
export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(codeOf(error) ?? "");
}

/** True if a statement could not have its lock, or was cancelled because others waited behind it: another one may pass a moment later. */
export function missedLock(error: unknown): boolean {
  return [LOCK_NOT_AVAILABLE, GAVE_WAY].includes(codeOf(error) ?? "");
}

/** True if the run is to end, and nothing else was wrong. */
export function isInterrupted(error: unknown): boolean {
  return codeOf(error) === INTERRUPTED;
}

/** True if something ended because nothing may be written here. */
export function mayNotWrite(error: unknown): boolean {
  return MAY_NOT_WRITE.has(codeOf(error) ?? "");
}

/** True for an error that the server sent. */
export function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && "severity" in error && "code" in error;
}

/** True for an error that comes from the connection: no answer of the server, or its word that it ends the session. */
export function isConnectionError(error: unknown): boolean {
  return !isDatabaseError(error) || /^(08|57P0|25P03|25P04)/.test(error.code ?? "");
}

/** What the server said, with its detail and hint. */
export function serverMessage({ message, detail, hint }: DatabaseError): string {
  return inLine([message, detail, hint].filter(Boolean).join(" "));
}

/** The connection broke, or the server ended it: what was not committed is rolled back by the server. */
export class ConnectionLost extends RolloutError {
  constructor(cause: unknown) {
    super(
      `The connection to the database was lost: ${messageOf(cause)}. What was not committed is rolled back by the server; ` +
        `whether a COMMIT under way was reached, the ledger knows. Run the same command again.`,
      codeOf(cause),
      { cause },
    );
  }
}
