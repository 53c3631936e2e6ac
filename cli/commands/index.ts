// The commands behind the npm scripts, by name. Each is loaded when it is called: `up` does not wait for what only the tests need.
import { EXIT } from "../exit-codes";
import { Failure, foreseen } from "../failure";

/** What every file of this folder exports as `run`: it gets the arguments and its own name, and returns the exit code. */
export type Command = (args: string[], name: string) => Promise<number>;

const FILES: Record<string, string> = {
  up: "./operation",
  preview: "./operation",
  destroy: "./operation",
  refresh: "./operation",
  pulumi: "./pulumi",
  db: "./db",
  gate: "./gate",
  verify: "./verify",
  status: "./status",
  access: "./access",
  manifest: "./manifest",
  example: "./example",
  samples: "./samples",
  check: "./check",
  test: "./test",
  chaos: "./chaos",
};

/** Runs a command and returns the exit code of the process. */
export async function runCommand(name = "", args: string[]): Promise<number> {
  const file = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  if (!file) throw new Failure(`Usage: npm run ${Object.keys(FILES).join(" | ")}`, EXIT.configuration);
  // Not import(): that is Node's own loader for ES modules, which finds no TypeScript here.
  const { run } = require(file) as { run: Command };
  try {
    return await run(args, name);
  } catch (cause) {
    throw foreseen(cause) ?? cause;
  }
}
