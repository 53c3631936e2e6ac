// `npm run up | preview | destroy | refresh | pulumi`: the real CLI, in the environment and on the stack that the project needs.
import fs from "node:fs";
import { ensureEngine } from "./engine";
import { commandEnvironment, DEV_STACK } from "./environment";
import { Failure } from "./failure";
import { requireNothingLeft } from "./leftover";
import { runInForeground } from "./process";
import { backendFolder, isStale, pendingCreates, readLocks, stackFile } from "./stack";
import { isExternal } from "./target";

const CHANGES_THE_STACK = new Set(["up", "destroy", "refresh"]);

interface Pulumi {
  stack: string;
  /** Undefined where the backend is not a local folder. */
  backend: string | undefined;
  env: NodeJS.ProcessEnv;
  run: (...args: string[]) => Promise<number>;
}

/** One of the four commands with the options that fit the stack and the terminal; everything the caller gave comes last. */
export async function runOperation(command: string, args: string[]): Promise<number> {
  const stack = chosenStack(args);
  if (stack !== DEV_STACK && !isExternal()) {
    throw new Failure(`Stack ${stack} has a database of its own: set DATABASE_URL or PGHOST. Nothing was started.`);
  }
  const pulumi = await preparePulumi(stack, command);
  if (CHANGES_THE_STACK.has(command)) await clearLeftovers(pulumi);
  const code = await pulumi.run(command, ...operationOptions(command, pulumi.stack, args), ...args);
  const rollsBack = command === "destroy" || command === "up";
  if (rollsBack && code === 0) await requireNothingLeft(command, pulumi.stack, args, pulumi.env);
  return code;
}

/** Any other command of the CLI. */
export async function runAny(args: string[]): Promise<number> {
  const makesStack = args[0] === "stack" && args[1] === "init";
  const pulumi = await preparePulumi(chosenStack(args), args[0] ?? "", makesStack);
  return pulumi.run(...args);
}

export function operationOptions(command: string, stack: string, args: readonly string[]): string[] {
  const options: string[] = [];
  const add = (option: string, ...same: string[]) => {
    if (![option, ...same].some((name) => args.includes(name))) options.push(option);
  };
  // A stack that is not the toy of one developer asks, or is told --yes by whoever runs it.
  if (CHANGES_THE_STACK.has(command) && stack === DEV_STACK) add("--yes", "-y", "--preview-only");
  if (!process.stdin.isTTY || !process.stdout.isTTY) add("--non-interactive");
  // The program then rehearses the rollbacks and refuses before anything is deleted.
  if (command === "destroy") add("--run-program", "--run-program=false", "--run-program=true");
  return options;
}

async function preparePulumi(stack: string, command: string, makesStack = false): Promise<Pulumi> {
  const binary = await ensureEngine();
  const env = await commandEnvironment(stack, command);
  const pulumi: Pulumi = {
    stack,
    env,
    backend: backendFolder(env.PULUMI_BACKEND_URL ?? ""),
    run: (...words) => runInForeground(binary, words, env),
  };
  if (!makesStack) await ensureStack(pulumi);
  return pulumi;
}

/** The stack that this command will work on, by its short name. */
function chosenStack(args: readonly string[]): string {
  const at = args.findIndex((arg) => arg === "--stack" || arg === "-s");
  const joined = args.find((arg) => arg.startsWith("--stack="))?.slice("--stack=".length);
  const given = (at >= 0 ? args[at + 1] : joined) || process.env.PULUMI_STACK || DEV_STACK;
  // A stack may be named in full: organization/project/stack.
  return given.slice(given.lastIndexOf("/") + 1);
}

/** A local backend starts empty; in a team's backend the team makes the stacks. */
async function ensureStack({ backend, stack, run }: Pulumi): Promise<void> {
  if (!backend || fs.existsSync(stackFile(backend, stack))) return;
  const code = await run("stack", "init", stack, "--non-interactive", "--no-select");
  if (code !== 0) throw new Failure(`The stack ${stack} could not be created.`, code);
}

/** A killed run leaves its lock and its unfinished creations behind; both would stop the next run. */
async function clearLeftovers({ backend, stack, run }: Pulumi): Promise<void> {
  if (!backend) return;
  const locks = readLocks(backend, stack);
  const living = locks.find((lock) => !isStale(lock));
  if (living) {
    throw new Failure(
      `Stack ${stack} is locked by process ${String(living.pid)} of ${living.username} on ${living.hostname} since ${living.timestamp}.\n` +
        `Wait for it to end. If it is gone: npm run pulumi -- cancel --yes`,
    );
  }
  for (const { pid } of locks) console.error(`Process ${String(pid)} died while it held the lock of stack ${stack}.`);
  if (locks.length > 0) await step("Removing its lock", run("cancel", "--yes"));
  const pending = pendingCreates(backend, stack);
  if (pending.length === 0) return;
  console.error(`A run was killed while it created ${pending.join(", ")}.`);
  await step(
    "Clearing that from the state",
    run("refresh", "--clear-pending-creates", "--yes", "--skip-preview", "--non-interactive"),
  );
}

async function step(what: string, running: Promise<number>): Promise<void> {
  console.error(`${what} ...`);
  const code = await running;
  if (code !== 0) throw new Failure(`${what}: Pulumi failed with exit code ${String(code)}.`, code);
}
