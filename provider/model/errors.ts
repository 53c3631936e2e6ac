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

/** SQLSTATE or system error code of an error, if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
