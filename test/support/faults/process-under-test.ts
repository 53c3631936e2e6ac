import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import path from "node:path";
import { engineFolder } from "../../../cli/pulumi/engine";
import { atEnd } from "../clean-up";
import { type Result, resultOf, send } from "../processes";
import type { Engine } from "../pulumi/engine";

/** Which processes of a command are meant: every one, the provider with the hooks, the Pulumi CLI alone, the command itself, or npm. */
export type Role = "all" | "provider" | "cli" | "command" | "npm";

/** A command that runs as `npm run` starts it, to be stopped or killed from outside. */
export interface ProcessUnderTest {
  /** Its exit code and output; resolves when all its processes have let go of the output. */
  done: Promise<Result>;
  /** Resolves as soon as the command itself has ended, whatever it left running. */
  ended: Promise<void>;
  signal(role: Role, signal: NodeJS.Signals): void;
  /** Types at its terminal, where it has one. */
  type(keys: string): void;
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
  cli: /\/pulumi (preview|up|destroy|refresh|cancel)\b/,
  command: /^\S*node cli\/main\.js\b/,
  npm: /^npm run\b/,
};

export type CommandName = "up" | "destroy" | "preview";

/** Starts `npm run up` or `npm run destroy` on a stack, with the same code and without npm. */
export function start(stack: Engine, command: CommandName, ...args: string[]): ProcessUnderTest {
  return startUnder([], stack, command, ...args);
}

/** The same by a program that runs another: its name and its own arguments. */
export function startUnder(
  runner: readonly string[],
  stack: Engine,
  command: CommandName,
  ...args: string[]
): ProcessUnderTest {
  const [program, ...words] = [...runner, ...wordsOf(stack, command, args)];
  const env = { ...stack.env, ONE_ROOF_HOME: stack.folder };
  return underTest(spawn(program, words, { env, stdio: ["ignore", "pipe", "pipe"] }));
}

/** The same by npm. */
export function startByNpm(stack: Engine, command: CommandName, ...args: string[]): ProcessUnderTest {
  const [, , , ...words] = wordsOf(stack, command, args);
  const env = { ...stack.env, ONE_ROOF_HOME: stack.folder };
  return underTest(spawn("npm", ["run", command, "--", ...words], { env, stdio: ["ignore", "pipe", "pipe"] }));
}

/** The Pulumi CLI by hand, without our command. */
export function startRaw(stack: Engine, command: CommandName, ...args: string[]): ProcessUnderTest {
  const words = [command, "--config-file", path.join(stack.folder, "Pulumi.dev.yaml"), "--non-interactive", ...args];
  return underTest(
    spawn(path.join(engineFolder(), "pulumi"), words, { env: stack.env, stdio: ["ignore", "pipe", "pipe"] }),
  );
}

/** The same at a terminal of its own, on which Pulumi shows its progress as to a person. */
export function startAtTerminal(stack: Engine, command: CommandName, ...args: string[]): ProcessUnderTest {
  const inherited = Object.entries(stack.env).filter(([name]) => !/^(CI|GITHUB_.*)$/.test(name));
  const env = { ...Object.fromEntries(inherited), ONE_ROOF_HOME: stack.folder, TERM: "xterm" };
  const line = wordsOf(stack, command, args).map((word) => `'${word}'`);
  // util-linux has it: it gives a terminal to what it starts, and takes its exit code.
  const inTerminal = `stty rows 40 cols 120; exec ${line.join(" ")}`;
  return underTest(spawn("script", ["-qefc", inTerminal, "/dev/null"], { env, stdio: ["pipe", "pipe", "pipe"] }));
}

function wordsOf(stack: Engine, command: CommandName, args: string[]): string[] {
  const config = path.join(stack.folder, "Pulumi.dev.yaml");
  // The server is not the embedded one, and nobody is there to be asked.
  const answer = command === "preview" ? [] : ["--yes"];
  return ["node", "cli/main.js", command, "--config-file", config, "--color", "never", ...answer, ...args];
}

function underTest(child: ChildProcess): ProcessUnderTest {
  // A test that gives up must not leave it waiting for ever.
  atEnd(() => child.exitCode === null && child.pid !== undefined && send(child.pid, "SIGKILL"));
  return {
    done: resultOf(child),
    ended: new Promise<void>((resolve) => child.once("exit", () => resolve())),
    signal(role, signal) {
      const members = family(child.pid!);
      for (const { pid, command } of members) signalled.set(pid, command);
      for (const { pid } of members.filter((each) => ROLES[role].test(each.command))) send(pid, signal);
    },
    type: (keys) => void child.stdin?.write(keys),
  };
}

/** What is left of commands that were signalled. */
export function survivors(): string[] {
  return processes().flatMap(({ pid, command }) => (signalled.get(pid) === command ? [command] : []));
}

/** The same to its end. */
export function npmRun(stack: Engine, command: CommandName, ...args: string[]): Promise<Result> {
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
