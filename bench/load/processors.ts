import { execFileSync } from "node:child_process";
import os from "node:os";
import type { TestDatabase } from "../../test/support/database/database";
import { postmasterOf } from "../../test/support/database/server";

const LAST = os.availableParallelism() - 1;

/** The commands' processor, and those of server and application, as taskset names them. */
const COMMANDS = `${LAST}`;
const OTHERS = `0-${LAST - 1}`;

/** What stands before a command that is to run on the commands' processor. */
export const ON_OWN: readonly string[] = ["taskset", "-c", COMMANDS];

/** Why this machine cannot give the commands a processor of their own. */
export function whyNotApart(): string | undefined {
  if (LAST < 1) return "there is only one processor";
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "there is no taskset (util-linux)";
  }
}

/**
 * Leaves the commands and the sessions that the server is yet to begin, which are theirs, on a processor of their own; this process, with
 * the application in it, and every session so far go to the others. What is left of the commands then is their locks, not their work.
 */
export async function setApart(db: TestDatabase): Promise<void> {
  const sessions = await db.query<{ pid: number }>("SELECT pid FROM pg_stat_activity");
  for (const { pid } of [...sessions, process]) move(pid, OTHERS);
  move(postmasterOf(await db.value<string>("SHOW data_directory")), COMMANDS);
}

/** Moves a process with all its threads. */
function move(pid: number, processors: string): void {
  execFileSync("taskset", ["-a", "-c", "-p", processors, `${pid}`], { stdio: "ignore" });
}
