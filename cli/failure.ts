import { failureOf, messageOf } from "../provider";
import { codeOf, EXIT } from "./exit-codes";

/** Something that was foreseen went wrong: the message is for the person at the terminal, without a stack. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly exitCode: number = EXIT.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What was thrown, as a failure that was foreseen; undefined for a defect. */
export function foreseen(cause: unknown): Failure | undefined {
  if (cause instanceof Failure) return cause;
  const failed = failureOf(cause);
  return failed === "defect" ? undefined : new Failure(messageOf(cause), codeOf(failed), { cause });
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
