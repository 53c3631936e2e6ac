/*
 * How every command ends, in one table: commands name an end by its key, README shows the table, and a test holds the two together.
 * What a child of ours says of itself (the Pulumi CLI, psql) is translated, never passed on.
 */

import type { Failed } from "../provider";

/** Exit codes by what they say. */
export const EXIT = {
  done: 0,
  failed: 1,
  configuration: 2,
  notRehearsed: 3,
  declined: 4,
  refused: 10,
  locked: 11,
  unreachable: 12,
} as const;

/** What a command ended with. */
export type End = keyof typeof EXIT;

/** What a run, or the provider in this process, failed as. */
export function codeOf(failed: Failed): number {
  return EXIT[failed === "defect" ? "failed" : failed];
}

/** What each code tells an operator, in the words of README. */
export const MEANING: Readonly<Record<End, string>> = {
  done: "done; `gate`: READY; `access -- audit`: as declared",
  failed: "something that was not foreseen, or whose cause nothing tells: read the message",
  configuration: "command line, configuration or environment are not usable; nothing was started",
  notRehearsed: "`preview`, `up`: only readings were taken, nothing was rehearsed and nothing applied",
  declined: "a person was asked and did not say yes; nothing was changed",
  refused: "a gate, a rule of the pack or a contract refused; `gate`: BLOCKED; `access -- audit`: it differs",
  locked: "somebody else was in the way for too long: a lock, another rollout, another command on the stack",
  unreachable: "database or backend are out of reach, or the connection was lost: run the same command again",
};
