// After a command has failed: puts right what a dead run left behind, tells of a lock whose holder may be alive, and creates a stack that nobody
// has created yet.
import fs from "node:fs";
import { inLine } from "../../provider";
import { tell } from "../console";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { isTerminal } from "../process";
import { DEV_STACK } from "../project";
import { backendFolder, holdsLock, pendingCreates, stackFile } from "./backend";
import { type CommandLine, isStackInit } from "./command-line";
import { type Life, lifeOf, locksNamed, removeLock, type StackLock } from "./locks";
import { createStack, type Start } from "./stack";

/** A command, how the CLI is run for it, and its backend. */
export interface OnBackend {
  line: CommandLine;
  start: Start;
  url: string;
}

/** A command that has failed. */
export interface FailedCommand extends OnBackend {
  /** What the CLI said and was not shown. */
  kept: string;
}

/** Commands of which Pulumi would say at length that a creation was cut short, and what a person is to do about it. */
const WARNED = ["up", "update", "destroy", "down"];

/**
 * Takes what a run was about to create, when it was cut short, from a state in a folder: it is in the ledger, or not there at all. While
 * somebody holds the stack it may still be under way.
 */
export async function clearLeftovers({ line, start, url }: OnBackend): Promise<void> {
  const backend = WARNED.includes(line.words[0] ?? "") ? backendFolder(url) : undefined;
  if (!backend || holdsLock(backend, line.stack)) return;
  const pending = pendingCreates(backend, line.stack);
  if (pending.length === 0) return;
  tell(`A run was killed while it created ${inLine(pending.join(", "))}.`);
  const options = ["--clear-pending-creates", "--yes", "--skip-preview", "--non-interactive"];
  await step("Clearing that from the state", start(["refresh", ...options, "--config-file", line.configFile]));
}

/** True where something was put right, so that the command may succeed now. */
export async function recover({ kept, ...command }: FailedCommand): Promise<boolean> {
  const { line, start, url } = command;
  const locks = locksNamed(kept);
  if (locks.length > 0) {
    removeDead(line, locks);
    await clearLeftovers(command);
    return true;
  }
  process.stderr.write(kept);
  const backend = backendFolder(url);
  if (!backend || fs.existsSync(stackFile(backend, line.stack))) return false;
  // At a terminal Pulumi itself has offered to create the stack; any other than the developer's is created by its team.
  if (line.stack !== DEV_STACK || isStackInit(line) || isTerminal()) return false;
  tell(`There is no stack ${line.stack} in this backend yet.`);
  await createStack(line, start);
  return true;
}

/** Takes away the locks of dead processes; throws where one of another is among them, with all that is known of it. */
function removeDead(line: CommandLine, locks: readonly StackLock[]): void {
  const lives = locks.map((lock) => ({ lock, life: lifeOf(lock) }));
  if (lives.some(({ life }) => life !== "dead")) {
    throw new Failure(lives.map(({ lock, life }) => describe(line, lock, life)).join("\n"), EXIT.locked);
  }
  for (const { lock } of lives) {
    tell(`${describe(line, lock, "dead")}\nRemoving its lock ...`);
    if (!removeLock(lock)) tell("It is gone, or another one.");
  }
}

function describe({ stack, fullStack }: CommandLine, { pid, user, host, since, url }: StackLock, life: Life): string {
  const when = `since ${timeOf(since)} (${ageOf(since)})`;
  if (life === "dead") {
    return `Process ${pid} died while it held the lock of stack ${stack}: it was of ${inLine(user)}, ${when}.`;
  }
  const locked = `Stack ${stack} is locked by process ${pid} of ${inLine(user)} on ${inLine(host)} ${when}`;
  if (life === "alive") {
    return `${locked}, which is at work on this machine. Wait for it to end, then run the same command again.`;
  }
  const known =
    life === "unproven"
      ? `There is no such process on this machine. Unless another machine is called ${inLine(host)} too, it has ended.`
      : "Whether that process is alive can be told on its own machine only. If it is at work, wait for it to end.";
  return (
    `${locked}: ${inLine(url.replace(/\?.*$/, ""))}\n${known} If it has ended, as with a CI job that was cancelled: ` +
    `npm run pulumi -- cancel ${inLine(fullStack)} --yes; npm run refresh. Then run the same command again.`
  );
}

function timeOf(milliseconds: number): string {
  return Number.isNaN(milliseconds) ? "an unknown time" : new Date(milliseconds).toISOString().replace(/\.\d+/, "");
}

const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
] as const;

function ageOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.round((Date.now() - milliseconds) / 1_000));
  const [length, unit] = UNITS.find(([each]) => seconds >= each) ?? [1, "s"];
  return `${Math.floor(seconds / length)} ${unit} ago`;
}

async function step(what: string, running: ReturnType<Start>): Promise<void> {
  tell(`${what} ...`);
  const { code, interrupted } = await running;
  if (interrupted) throw new Failure(`${what} was interrupted. Run the same command again.`, code);
  if (code !== 0) throw new Failure(`${what}: Pulumi failed with exit code ${code}.`);
}
