// How a command of the Pulumi CLI ended. The CLI itself says little more than "failed"; program, provider and pack tell in a file, as data.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Failed, Intent, Note, ToldTier } from "../../provider";
import { codeOf, type End, EXIT } from "../exit-codes";
import type { Ended } from "../process";

/** What a run has told. */
export interface Outcome {
  /** What it was about to do, as far as it came. */
  intent?: Intent;
  /** As what it failed, in the order in which that was noticed. */
  failures: Failed[];
  /** What came of each tier, in the order in which it was done. */
  tiers: ToldTier[];
}

/** Runs `work` with a file for what the run tells, and gives that. */
export async function listened<T>(work: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T & Outcome> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "outcome-"));
  const file = path.join(folder, "notes");
  try {
    const ended = await work({ ROLLOUT_OUTCOME: file });
    return { ...ended, ...readOutcome(file) };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** A line that cannot be read is a failure that nobody foresaw. */
export function readOutcome(file: string): Outcome {
  const outcome: Outcome = { failures: [], tiers: [] };
  for (const line of fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").filter(Boolean) : []) {
    const told = parse(line);
    if (told.is === "intent") outcome.intent = told;
    else if (told.is === "failure") outcome.failures.push(told.as);
    else outcome.tiers.push(told);
  }
  return outcome;
}

function parse(line: string): Note {
  try {
    return JSON.parse(line) as Note;
  } catch {
    return { is: "failure", as: "defect" };
  }
}

/** Exit codes of the CLI's own that say what it was; any other is told by nobody. */
const OF_THE_CLI: Readonly<Record<number, End>> = {
  2: "configuration",
  3: "configuration",
  6: "configuration",
  7: "refused",
  8: "declined",
};

/**
 * The exit code of a command, from what the CLI returned and what the run has told. What nothing explains has failed. The CLI
 * is content with a preview of what cannot be done, and with one that measured nothing.
 */
export function exitCodeOf(
  { code, interrupted, intent, failures }: Ended & Omit<Outcome, "tiers">,
  isPreview: boolean,
): number {
  if (interrupted) return code;
  if (code !== 0) return codeOfFailure(code, intent, failures);
  if (!isPreview || !intent) return EXIT.done;
  return EXIT[intent.verdict === "STOP" ? "refused" : intent.unrehearsed ? "notRehearsed" : "done"];
}

function codeOfFailure(code: number, intent: Intent | undefined, failures: readonly Failed[]): number {
  const [first] = failures;
  if (first === undefined) return EXIT[OF_THE_CLI[code] ?? "failed"];
  if (failures.includes("defect")) return EXIT.failed;
  // What refuses it then is the rule that it has to be rehearsed.
  const unrehearsed = intent?.verdict === "NOT REHEARSED" && failures.every((failed) => failed === "refused");
  return unrehearsed ? EXIT.notRehearsed : codeOf(first);
}
