// `npm run up | preview | destroy | refresh`: the same command of the Pulumi CLI, with the options that fit the stack and the terminal.
import { requireOwnDatabase } from "../dev-database/target";
import { isTerminal } from "../process";
import { DEV_STACK } from "../project";
import { preparePulumi } from "../pulumi/cli";
import { readCommandLine, type CommandLine } from "../pulumi/command-line";
import type { Command } from "./index";

export const run: Command = async (args, name) => {
  const line = readCommandLine([name, ...args]);
  requireOwnDatabase(line.stack);
  const pulumi = await preparePulumi(line);
  const code = await pulumi.run([name, ...operationOptions(name, line), ...args]);
  const rollsBack = name === "destroy" || name === "up";
  if (rollsBack && code === 0) {
    const { requireNothingLeft } = require("../pulumi/remaining-tiers") as typeof import("../pulumi/remaining-tiers");
    await requireNothingLeft(name, line, pulumi.env);
  }
  return code;
};

/** What is added to the caller's own options, which come last. */
export function operationOptions(command: string, line: CommandLine): string[] {
  const options: string[] = [];
  const changes = command !== "preview" && !line.isOn("preview-only");
  // A stack that is not the toy of one developer asks, or is told --yes by whoever runs it.
  if (changes && line.stack === DEV_STACK && !line.has("yes")) options.push("--yes");
  if (!isTerminal() && !line.has("non-interactive")) options.push("--non-interactive");
  // The program then rehearses the rollbacks and refuses before anything is deleted.
  if (command === "destroy" && !line.has("run-program")) options.push("--run-program");
  // What a killed run was about to create is in the ledger, or not there at all: there is nothing to ask.
  const decided = ["skip-pending-creates", "clear-pending-creates", "import-pending-creates"];
  if (command === "refresh" && changes && !decided.some((option) => line.has(option))) {
    options.push("--clear-pending-creates");
  }
  return options;
}
