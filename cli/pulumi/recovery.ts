// After a command has failed on a local file backend: puts right what a dead run left behind, and a stack that nobody has created yet.
import fs from "node:fs";
import { tell } from "../console";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { isTerminal } from "../process";
import { DEV_STACK } from "../project";
import { backendFolder, isStale, pendingCreates, readLocks, stackFile } from "./backend";
import { type CommandLine, isStackInit } from "./command-line";
import { createStack, type Start } from "./stack";

/** A command that has failed. */
export interface FailedCommand {
  line: CommandLine;
  start: Start;
  /** When it was started, in milliseconds. */
  started: number;
  /** Its backend. */
  url: string;
}

const TAKES_THE_LOCK = ["up", "destroy", "refresh"];

/** True where something was put right, so that the command may succeed now. */
export async function recover(failed: FailedCommand): Promise<boolean> {
  const backend = backendFolder(failed.url);
  if (!backend) return false;
  const { line, start } = failed;
  if (!fs.existsSync(stackFile(backend, line.stack))) {
    // At a terminal Pulumi itself has offered to create the stack; any other than the developer's is created by its team.
    if (line.stack !== DEV_STACK || isStackInit(line) || isTerminal()) return false;
    tell(`There is no stack ${line.stack} in this backend yet.`);
    await createStack(line, start);
    return true;
  }
  return TAKES_THE_LOCK.includes(line.words[0] ?? "") && clearDeadRun(failed, backend);
}

/** A killed run leaves its lock, which stops the next run, and its unfinished creations, about which every further run would warn. */
async function clearDeadRun({ line, start, started }: FailedCommand, backend: string): Promise<boolean> {
  // A lock that is younger than the command is its own, or of a run that came later: it was not what stopped the command.
  const locks = readLocks(backend, line.stack).filter(({ timestamp }) => Date.parse(timestamp) < started);
  const living = locks.find((lock) => !isStale(lock));
  if (living) {
    throw new Failure(
      `Stack ${line.stack} is locked by process ${living.pid} of ${living.username} on ${living.hostname} since ${living.timestamp}.\n` +
        `Wait for it to end. If it is gone: npm run pulumi -- cancel --yes`,
      EXIT.locked,
    );
  }
  if (locks.length === 0) return false;
  for (const { pid } of locks) tell(`Process ${pid} died while it held the lock of stack ${line.stack}.`);
  await step("Removing its lock", start(["cancel", "--yes"]));
  const pending = pendingCreates(backend, line.stack);
  if (pending.length > 0) {
    tell(`A run was killed while it created ${pending.join(", ")}.`);
    const options = ["--clear-pending-creates", "--yes", "--skip-preview", "--non-interactive"];
    await step("Clearing that from the state", start(["refresh", ...options, "--config-file", line.configFile]));
  }
  return true;
}

async function step(what: string, running: ReturnType<Start>): Promise<void> {
  tell(`${what} ...`);
  const { code } = await running;
  if (code !== 0) throw new Failure(`${what}: Pulumi failed with exit code ${code}.`);
}
