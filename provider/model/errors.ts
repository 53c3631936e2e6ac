import { harmless, inLine } from "./harmless";
import type { Failed } from "./outcome";

/** A refusal or failure said to the operator: one message, no stack. */
export class RolloutError extends Error {
  /** What kind of failure it is, where neither its code nor that it is ours tells. */
  readonly failed: Failed | undefined;

  constructor(
    message: string,
    readonly code?: string,
    options?: ErrorOptions & { readonly failed?: Failed },
  ) {
    super(harmless(message), options);
    this.name = "RolloutError";
    this.failed = options?.failed;
    // The dynamic provider prints both the text and the stack of what a hook throws; an operator needs one of them.
    this.stack = "";
  }

  override toString(): string {
    return this.message;
  }
}

/** SQLSTATE or system error code of an error, if it has one. */
export function codeOf(error: unknown): string | undefined {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === "string" ? code : undefined;
}

/** The message of anything that was thrown. What is not a refusal of ours was worded by others: it stays in its line. */
export function messageOf(error: unknown): string {
  if (error instanceof RolloutError) return error.message;
  return inLine(error instanceof Error ? error.message : String(error));
}

/** What a message says first; the rest is advice. */
export function firstSentence(message: string): string {
  return message.split(/(?<=[^.])\.\s/, 1)[0]?.replace(/\.$/, "") ?? "";
}
