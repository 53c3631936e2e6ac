// The commands behind the npm scripts, by name. Each is loaded when it is called: `up` does not wait for what only the tests need.
import { Failure } from "./failure";

type Command = (args: string[]) => Promise<number>;

const commands: Record<string, Command> = {
  up: (args) => pulumi().runOperation("up", args),
  preview: (args) => pulumi().runOperation("preview", args),
  destroy: (args) => pulumi().runOperation("destroy", args),
  refresh: (args) => pulumi().runOperation("refresh", args),
  pulumi: (args) => pulumi().runAny(args),
  db: (args) => (load("./database") as typeof import("./database")).runDatabase(args),
  gate: (args) => (load("./gate") as typeof import("./gate")).runGate(args),
  manifest: (args) => (load("./manifest") as typeof import("./manifest")).runManifest(args),
  test: (args) => (load("./test") as typeof import("./test")).runTests(args),
};

const pulumi = () => load("./pulumi") as typeof import("./pulumi");

function load(name: string): unknown {
  // Not import(): that is Node's own loader for ES modules, which finds no TypeScript here.
  return require(name);
}

/** Runs a command and returns the exit code of the process. */
export async function runCommand(name = "", args: string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new Failure(`Usage: npm run ${Object.keys(commands).join(" | ")}`, 2);
  return command(args);
}
