// `npm run up | preview | destroy | refresh`: the same command of the Pulumi CLI, with the options that fit the stack and the terminal.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { say, tell } from "../console";
import { isOwnServer } from "../dev-database/target";
import { EXIT } from "../exit-codes";
import { isTerminal } from "../process";
import { type Pulumi, preparePulumi, type Run } from "../pulumi/cli";
import { readCommandLine, type CommandLine, without } from "../pulumi/command-line";
import { agrees, canAsk, changes, isOthers, NOTHING, requireSomebodyToAsk, subjectOf } from "../pulumi/consent";
import { requireSurroundings } from "../pulumi/demands";
import { canBeBrief, displayOptions } from "../pulumi/engine-display";
import { summarize } from "../pulumi/summary";
import type { Command } from "./index";

/** A command of the CLI with everything that decides how it is run. */
interface Operation {
  name: string;
  args: readonly string[];
  line: CommandLine;
  /** The state holds nothing that it could delete: then the program would only put the stack's own resource there, for nobody to take. */
  isEmpty?: boolean;
}

/** Asks for all that a run measures of itself; ours, so the CLI is not given it. */
const PROFILE = "--profile";

export const run: Command = async (given, name) => {
  const args = given.filter((arg) => arg !== PROFILE);
  const line = readCommandLine([name, ...args]);
  requireSurroundings(line);
  const changing = changes(name, line);
  const open = changing && !line.isOn("yes");
  const mayBeOurs = open && !line.has("yes") && !isOthers(line);
  if (open && !mayBeOurs) requireSomebodyToAsk(name, line, process.env);
  const pulumi = await preparePulumi(line);
  const watched = changing && canAsk(line);
  const answered = mayBeOurs && !watched && (await isOwnServer(pulumi.env));
  if (open && !answered) requireSomebodyToAsk(name, line, pulumi.env);
  // Where a person watches, it is said between preview and run.
  if (changing && !watched) tell(subjectOf(name, line, pulumi.env));
  const isEmpty = name === "destroy" && pulumi.holdsNothing();
  if (rehearsesDown(name, line) && !isEmpty) pulumi.env.ROLLOUT_RUN_PROGRAM = "true";
  if (args.length < given.length) pulumi.env.ROLLOUT_PROFILE = "true";
  if (changing) pulumi.env.ROLLOUT_CHANGES = "true";
  if (isTerminal()) pulumi.env.ROLLOUT_COLUMNS = String(process.stdout.columns);
  const operation = { name, args, line, isEmpty };
  const { code, intent } = await (watched
    ? runInSteps(pulumi, operation)
    : pulumi.run([name, ...displayOptions(name, line), ...operationOptions(operation, answered), ...args]));
  const rollsBack = name === "destroy" || name === "up";
  if (rollsBack && code === EXIT.done) {
    const { requireNothingLeft } = require("../pulumi/remaining-tiers") as typeof import("../pulumi/remaining-tiers");
    await requireNothingLeft(name, line, pulumi.env);
  }
  if (name === "destroy" && code === EXIT.done && isTerminal() && changing && !line.isOn("remove")) {
    tell(`Here "pulumi stack rm" is: npm run pulumi -- stack rm ${line.stack}`);
  }
  // The last words: the CLI calls it a success.
  if (code === EXIT.notRehearsed) {
    tell(`⚠ ${intent?.unrehearsed ?? "Nothing was measured"}. Only readings were taken: NOT REHEARSED`);
  }
  return code;
};

/** What a preview does not take, or takes amiss. */
const NOT_FOR_PREVIEW = ["yes", "skip-preview", "continue-on-error", "secrets-provider", "remove", "plan", "strict"];

/**
 * Previews, says in one line what is about to happen to which database, asks unless --yes has
 * answered, does no more than a plan says where one is wanted, and sums up.
 */
async function runInSteps(pulumi: Pulumi, operation: Operation): Promise<Run> {
  const { name, line } = operation;
  const folder = bindsToPreview(operation) ? fs.mkdtempSync(path.join(os.tmpdir(), "plan-")) : undefined;
  try {
    const { preview, change } = stepsOf(operation, folder && path.join(folder, "plan.json"));
    const previewed = preview && (await pulumi.run(preview, { brief: isBrief(operation) }));
    const accepted = previewed?.code === EXIT.notRehearsed && previewed.intent?.accepted;
    if (previewed && previewed.code !== EXIT.done && !accepted) return previewed;
    // As Pulumi's own `up` does, which asks nobody then.
    if (name === "up" && previewed?.allSame) {
      say(`${subjectOf(name, line, pulumi.env)}: nothing to do, all is as applied`);
      return previewed;
    }
    if (!(await agrees(name, line, pulumi.env, operation.isEmpty ? NOTHING : previewed?.intent))) {
      return { code: EXIT.declined, intent: undefined, tiers: [] };
    }
    // What was rehearsed has just been read.
    if (previewed?.intent) pulumi.env.ROLLOUT_PREVIEWED = "true";
    const changed = await pulumi.run(change);
    if (previewed?.intent) summarize(previewed.tiers, changed.tiers).forEach(say);
    return changed;
  } finally {
    if (folder) fs.rmSync(folder, { recursive: true });
  }
}

/** The rows of a destroy are all deletions, whatever it finds: they stand once. */
function isBrief({ name, line }: Operation): boolean {
  return name === "destroy" && canBeBrief(line);
}

/** `--strict` makes a plan of the preview that the CLI shows before it asks; here the preview is ours, and so is the plan. */
function bindsToPreview({ name, line }: Operation): boolean {
  return name === "up" && line.isOn("strict") && !line.isOn("skip-preview");
}

/** The commands of the CLI before and after a person has said yes; `plan` is the file that binds the second to the first. */
export function stepsOf(operation: Operation, plan?: string): { preview?: string[]; change: string[] } {
  const { name, args, line } = operation;
  const options = [...displayOptions(name, line), ...operationOptions(operation, false)];
  const quiet = isBrief(operation) && !line.has("suppress-progress") ? ["--suppress-progress"] : [];
  const save = plan ? ["--save-plan", plan] : [];
  const bind = plan ? ["--strict=false", "--plan", plan] : [];
  const own = without(args, ["yes", "skip-preview", ...(plan ? ["strict"] : [])]);
  const change = [name, ...options, "--yes", "--skip-preview", ...bind, ...own];
  if (line.isOn("skip-preview")) return { change };
  const command = name === "up" ? ["preview"] : [name, "--preview-only"];
  return { preview: [...command, ...options, ...quiet, ...save, ...without(args, NOT_FOR_PREVIEW)], change };
}

/** Unless the caller says otherwise, the program of a destroy rehearses the way back before anything is deleted. */
function rehearsesDown(name: string, line: CommandLine): boolean {
  return name === "destroy" && !line.has("run-program");
}

/** What is added to the caller's own options, which come last, besides how much is shown; `answered` where nobody need be asked. */
export function operationOptions({ name, line, isEmpty }: Omit<Operation, "args">, answered: boolean): string[] {
  const options: string[] = [];
  if (answered) options.push("--yes");
  if (!isTerminal() && !line.has("non-interactive")) options.push("--non-interactive");
  // The program then rehearses the rollbacks and refuses before anything is deleted.
  if (rehearsesDown(name, line) && !isEmpty) options.push("--run-program");
  // What a killed run was about to create is in the ledger, or not there at all: there is nothing to ask.
  const decided = ["skip-pending-creates", "clear-pending-creates", "import-pending-creates"];
  if (name === "refresh" && changes(name, line) && !decided.some((option) => line.has(option))) {
    options.push("--clear-pending-creates");
  }
  return options;
}
