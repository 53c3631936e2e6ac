// `npm run up | preview | destroy | refresh`: the same command of the Pulumi CLI, with the options that fit the stack and the terminal.
import { tell } from "../console";
import { describeTarget, isOwnServer } from "../dev-database/target";
import { EXIT } from "../exit-codes";
import { isTerminal } from "../process";
import { type Pulumi, preparePulumi, type Run } from "../pulumi/cli";
import { readCommandLine, type CommandLine, without } from "../pulumi/command-line";
import { agrees, canAsk, changes, isOthers, requireSomebodyToAsk } from "../pulumi/consent";
import { requireSurroundings } from "../pulumi/demands";
import { displayOptions } from "../pulumi/engine-display";
import type { Command } from "./index";

/** A command of the CLI with everything that decides how it is run. */
interface Operation {
  name: string;
  args: readonly string[];
  line: CommandLine;
}

/** Asks for all that a run measures of itself; ours, so the CLI is not given it. */
const PROFILE = "--profile";

export const run: Command = async (given, name) => {
  const args = given.filter((arg) => arg !== PROFILE);
  const line = readCommandLine([name, ...args]);
  requireSurroundings(line);
  const open = changes(name, line) && !line.isOn("yes");
  const mayBeOurs = open && !line.has("yes") && !isOthers(line);
  if (open && !mayBeOurs) requireSomebodyToAsk(name, line, process.env);
  const pulumi = await preparePulumi(line);
  const asks = open && canAsk(line);
  const answered = mayBeOurs && !asks && (await isOwnServer(pulumi.env));
  if (open && !answered) requireSomebodyToAsk(name, line, pulumi.env);
  // Where we ask ourselves, the question says it.
  const saidLater = asks && !(isBound(line) && name === "up");
  if (changes(name, line) && !saidLater) tell(`${name} on stack ${line.stack}: ${describeTarget(pulumi.env)}`);
  if (name === "destroy" && !line.has("run-program")) pulumi.env.ROLLOUT_RUN_PROGRAM = "true";
  if (args.length < given.length) pulumi.env.ROLLOUT_PROFILE = "true";
  const operation = { name, args, line };
  const { code, intent } = await (asks
    ? runWhenAgreed(pulumi, operation)
    : pulumi.run([name, ...displayOptions(name, line), ...operationOptions(name, line, answered), ...args]));
  const rollsBack = name === "destroy" || name === "up";
  if (rollsBack && code === EXIT.done) {
    const { requireNothingLeft } = require("../pulumi/remaining-tiers") as typeof import("../pulumi/remaining-tiers");
    await requireNothingLeft(name, line, pulumi.env);
  }
  if (name === "destroy" && code === EXIT.done && isTerminal() && changes(name, line) && !line.isOn("remove")) {
    tell(`Here that command is: npm run pulumi -- stack rm ${line.stack}`);
  }
  // The last words: the CLI calls it a success.
  if (code === EXIT.notRehearsed) {
    tell(`⚠ ${intent?.unrehearsed ?? "Nothing was measured"}. Only readings were taken: NOT REHEARSED`);
  }
  return code;
};

/** What a preview does not take, or takes amiss. */
const NOT_FOR_PREVIEW = ["yes", "skip-preview", "continue-on-error", "secrets-provider", "remove"];

/**
 * Previews, says in one line what is about to happen to which database, and asks. Where a plan binds the run to its preview, the
 * CLI has to ask itself.
 */
async function runWhenAgreed(pulumi: Pulumi, { name, args, line }: Operation): Promise<Run> {
  const { env } = pulumi;
  const options = [...displayOptions(name, line), ...operationOptions(name, line, false)];
  const bound = isBound(line);
  let preview: Run | undefined;
  if (!bound && !line.isOn("skip-preview")) {
    const command = name === "up" ? ["preview"] : [name, "--preview-only"];
    preview = await pulumi.run([...command, ...options, ...without(args, NOT_FOR_PREVIEW)]);
    const accepted = preview.code === EXIT.notRehearsed && preview.intent?.accepted;
    if (preview.code !== EXIT.done && !accepted) return preview;
  }
  if (bound && name === "up") return pulumi.run([name, ...options, ...args]);
  if (!(await agrees(name, line, env, preview?.intent))) return { code: EXIT.declined, intent: undefined };
  if (bound) return pulumi.run([name, ...options, ...args]);
  return pulumi.run([name, ...options, "--yes", "--skip-preview", ...without(args, ["yes", "skip-preview"])]);
}

/** Is the run to do no more than a plan says? */
function isBound(line: CommandLine): boolean {
  return line.isOn("strict") || line.has("plan");
}

/** What is added to the caller's own options, which come last, besides how much is shown; `answered` where nobody need be asked. */
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
