// `npm run up | preview | destroy | refresh`: the same command of the Pulumi CLI, with the options that fit the stack and the terminal.
import { tell } from "../console";
import { describeTarget, isExternal, isOwnServer } from "../dev-database/target";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { isTerminal } from "../process";
import { DEV_STACK } from "../project";
import { preparePulumi } from "../pulumi/cli";
import { readCommandLine, type CommandLine } from "../pulumi/command-line";
import { requireSurroundings } from "../pulumi/demands";
import type { Command } from "./index";

export const run: Command = async (args, name) => {
  const line = readCommandLine([name, ...args]);
  requireSurroundings(line);
  const open = changes(name, line) && !line.isOn("yes");
  const mayBeOurs = open && !line.has("yes") && !isOthers(line);
  if (open && !mayBeOurs) requireSomebodyToAsk(name, line, process.env);
  const pulumi = await preparePulumi(line);
  const answered = mayBeOurs && (await isOwnServer(pulumi.env));
  if (mayBeOurs && !answered) requireSomebodyToAsk(name, line, pulumi.env);
  if (changes(name, line)) tell(`${name} on stack ${line.stack}: ${describeTarget(pulumi.env)}`);
  if (name === "destroy" && !line.has("run-program")) pulumi.env.ROLLOUT_RUN_PROGRAM = "true";
  const code = await pulumi.run([name, ...operationOptions(name, line, answered), ...args]);
  const rollsBack = name === "destroy" || name === "up";
  if (rollsBack && code === 0) {
    const { requireNothingLeft } = require("../pulumi/remaining-tiers") as typeof import("../pulumi/remaining-tiers");
    await requireNothingLeft(name, line, pulumi.env);
  }
  return code;
};

function changes(command: string, line: CommandLine): boolean {
  return command !== "preview" && !line.isOn("preview-only");
}

/** Others may need it: then it is not for us to say yes. */
function isOthers({ stack }: CommandLine): boolean {
  return stack !== DEV_STACK || isExternal();
}

/** Refuses a change that nobody has agreed to, and that nobody can be asked about. */
function requireSomebodyToAsk(command: string, line: CommandLine, env: NodeJS.ProcessEnv): void {
  if (isTerminal() && !line.isOn("non-interactive")) return;
  throw new Failure(
    `${command} on stack ${line.stack} would change ${describeTarget(env)}, and there is no terminal to ask at. ` +
      `If that is the right database, say so: npm run ${command} -- --yes. Nothing was started.`,
    EXIT.configuration,
  );
}

/** What is added to the caller's own options, which come last; `answered` where nobody need be asked. */
export function operationOptions(command: string, line: CommandLine, answered: boolean): string[] {
  const options: string[] = [];
  if (answered) options.push("--yes");
  if (!isTerminal() && !line.has("non-interactive")) options.push("--non-interactive");
  // The program then rehearses the rollbacks and refuses before anything is deleted.
  if (command === "destroy" && !line.has("run-program")) options.push("--run-program");
  // What a killed run was about to create is in the ledger, or not there at all: there is nothing to ask.
  const decided = ["skip-pending-creates", "clear-pending-creates", "import-pending-creates"];
  if (command === "refresh" && changes(command, line) && !decided.some((option) => line.has(option))) {
    options.push("--clear-pending-creates");
  }
  return options;
}
