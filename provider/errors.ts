import type { DatabaseError } from "pg";

/** SQLSTATE of a gate notice, of a refused gate, and of a rollout lock held by another session. */
export const GATE_NOTICE = "OR000";
export const GATE_REFUSED = "OR001";
export const LOCK_HELD = "OR003";

/** SQLSTATE of a statement that waited for a lock as long as it may. */
export const LOCK_TIMEOUT = "55P03";

/** SQLSTATEs after which the whole transaction may be tried again: serialization, deadlock, lock not available. */
export const RETRYABLE: ReadonlySet<string> = new Set(["40001", "40P01", LOCK_TIMEOUT, LOCK_HELD]);

/** A refusal or failure said to the operator: one message, no stack. */
export class RolloutError extends Error {
  constructor(
    message: string,
    readonly code?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "RolloutError";
    // The dynamic provider prints both the text and the stack of what a hook throws; an operator needs one of them.
    this.stack = "";
  }

  override toString(): string {
    return this.message;
  }
}

/** True for an error that the server sent. */
export function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && "severity" in error && "code" in error;
}

/** SQLSTATE or system error code of an error, if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** SQLSTATEs of a login that may not write, and of a server that takes no writes (a standby, a read-only setting). */
const MAY_NOT_WRITE: ReadonlySet<string> = new Set(["42501", "25006"]);

/** True if something ended because nothing may be written here. */
export function mayNotWrite(error: unknown): boolean {
  return MAY_NOT_WRITE.has(codeOf(error) ?? "");
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

/** True for an error that comes from the connection: no answer of the server, or its word that it ends the session. */
export function isConnectionError(error: unknown): boolean {
  return !isDatabaseError(error) || /^(08|57P0|25P03)/.test(error.code ?? "");
}
