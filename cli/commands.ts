// The commands behind the npm scripts, by name.
import { runDatabase } from "./database";
import { Failure } from "./failure";
import { runGate } from "./gate";
import { runAny, runOperation } from "./pulumi";
import { runTests } from "./test";

type Command = (args: string[]) => Promise<number>;

const commands: Record<string, Command> = {
  up: (args) => runOperation("up", args),
  preview: (args) => runOperation("preview", args),
  destroy: (args) => runOperation("destroy", args),
  refresh: (args) => runOperation("refresh", args),
  pulumi: runAny,
  db: runDatabase,
  gate: runGate,
  test: runTests,
};

/** Runs a command and returns the exit code of the process. */
export async function runCommand(name = "", args: string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new Failure(`Usage: npm run ${Object.keys(commands).join(" | ")}`, 2);
  return command(args);
}
