import { execFileSync, spawn } from "node:child_process";
import path from "node:path";
import { type Result, resultOf, send } from "../processes";
import type { Engine } from "../pulumi/engine";

/** Which processes of a command are meant: every one, the provider with the hooks, or the Pulumi CLI alone. */
export type Role = "all" | "provider" | "cli";

/** A command that runs as `npm run` starts it, to be stopped or killed from outside. */
export interface ProcessUnderTest {
  /** Its exit code and output; resolves when all its processes have let go of the output. */
  done: Promise<Result>;
  /** Resolves as soon as the command itself has ended, whatever it left running. */
  ended: Promise<void>;
  signal(role: Role, signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
}

/** Processes of commands that were signalled: without their parent they may live on, until `cleanUpProcesses`. */
const signalled = new Map<number, string>();

interface Process {
  pid: number;
  parent: number;
  command: string;
}

const ROLES: Record<Role, RegExp> = {
  all: /./,
  provider: /pulumi-resource-pulumi-nodejs|dynamic-provider/,
  cli: /\/pulumi (up|destroy|refresh|cancel)\b/,
};

/** Starts `npm run up` or `npm run destroy` on a stack, with the same code and without npm. */
export function start(stack: Engine, command: "up" | "destroy" | "preview", ...args: string[]): ProcessUnderTest {
  return startUnder([], stack, command, ...args);
}

/** The same by a program that runs another: its name and its own arguments. */
export function startUnder(
  runner: readonly string[],
  stack: Engine,
  command: "up" | "destroy" | "preview",
  ...args: string[]
): ProcessUnderTest {
  const config = path.join(stack.folder, "Pulumi.dev.yaml");
  // The server is not the embedded one, and nobody is there to be asked.
  const answer = command === "preview" ? [] : ["--yes"];
  const words = [
    ...runner,
    process.execPath,
    "cli/main.js",
    command,
    "--config-file",
    config,
    "--color",
    "never",
    ...answer,
    ...args,
  ];
  const child = spawn(words[0], words.slice(1), {
    env: { ...stack.env, ONE_ROOF_HOME: stack.folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return {
    done: resultOf(child),
    ended: new Promise<void>((resolve) => child.once("exit", () => resolve())),
    signal(role, signal) {
      const members = family(child.pid!);
      for (const { pid, command } of members) signalled.set(pid, command);
      for (const { pid } of members.filter((each) => ROLES[role].test(each.command))) send(pid, signal);
    },
  };
}

/** The same to its end. */
export function npmRun(stack: Engine, command: "up" | "destroy" | "preview", ...args: string[]): Promise<Result> {
  return start(stack, command, ...args).done;
}

/** Ends what is left of commands that were signalled. */
export function cleanUpProcesses(): void {
  for (const { pid, command } of processes()) if (signalled.get(pid) === command) send(pid, "SIGKILL");
  signalled.clear();
}

/** A process and all that descend from it: Pulumi gives each plugin a process group of its own. */
function family(root: number): Process[] {
  const all = processes();
  const found = all.filter(({ pid }) => pid === root);
  for (const member of found) found.push(...all.filter(({ parent }) => parent === member.pid));
  return found;
}

function processes(): Process[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).trim().split("\n");
  return lines.map((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)!;
    return { pid: Number(pid), parent: Number(parent), command };
  });
}
