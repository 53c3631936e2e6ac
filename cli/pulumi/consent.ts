// Who agrees to a change of a database, and to what: one line says it, as it was measured a moment ago, before a person says yes.
import path from "node:path";
import type { Intent } from "../../provider";
import { ask, say, tell } from "../console";
import { databaseOf, describeTarget, isExternal } from "../dev-database/target";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { isTerminal } from "../process";
import { DEV_STACK } from "../project";
import type { CommandLine } from "./command-line";

/** True where the command may change something. */
export function changes(command: string, line: CommandLine): boolean {
  return command !== "preview" && !line.isOn("preview-only") && !line.isOn("help");
}

/** Others may need it: then it is not for us to say yes. */
export function isOthers({ stack }: CommandLine): boolean {
  return stack !== DEV_STACK || isExternal();
}

/** Is there a person who can be asked? */
export function canAsk(line: CommandLine): boolean {
  return isTerminal() && !line.isOn("non-interactive");
}

/** Refuses a change that nobody has agreed to, where nobody can be asked about it. */
export function requireSomebodyToAsk(command: string, line: CommandLine, env: NodeJS.ProcessEnv): void {
  if (canAsk(line)) return;
  throw new Failure(
    `${command} on stack ${line.stack} would change ${describeTarget(env)}, and there is no terminal to ask at. ` +
      `If that is the right database, say so: npm run ${command} -- --yes. Nothing was started.`,
    EXIT.configuration,
  );
}

/**
 * Says what is about to happen, and asks the person at the terminal unless `--yes` has answered. What others need is destroyed by who
 * can type its name.
 */
export async function agrees(
  command: string,
  line: CommandLine,
  env: NodeJS.ProcessEnv,
  intent?: Intent,
): Promise<boolean> {
  say(`${subjectOf(command, line, env)}: ${describeIntent(command, intent)}`);
  if (line.isOn("yes")) return true;
  return wantsName(command, line) ? answers("the name of the database", databaseOf(env)) : answers("yes", "yes");
}

/**
 * The same for another project, of which we know no more than its folder: Pulumi previews and asks by itself, so the line comes before
 * all that, and so does the name.
 */
export async function agreesToOther(command: string, line: CommandLine, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (!changes(command, line)) return true;
  tell(`${subjectOf(command, line, env)}: what ${path.basename(line.cwd ?? "")} declares`);
  if (line.isOn("yes") || !canAsk(line) || !wantsName(command, line)) return true;
  return answers("the name of the database", databaseOf(env));
}

/** Which command changes what, for the line that a person reads before it does. */
export function subjectOf(command: string, line: CommandLine, env: NodeJS.ProcessEnv): string {
  return `${command} on stack ${line.stack}: ${describeTarget(env)}`;
}

function wantsName(command: string, { stack }: CommandLine): boolean {
  return command === "destroy" && stack !== DEV_STACK;
}

async function answers(what: string, wanted: string): Promise<boolean> {
  const answer = await ask(`To go on, type ${what}: `);
  if (answer === wanted) return true;
  say(`${answer === undefined ? "Nobody answered" : `That is not ${wanted}`}: nothing was changed.`);
  return false;
}

/** What a run does that has nothing to do in the database. */
export const NOTHING: Intent = {
  applies: 0,
  adopts: 0,
  removes: 0,
  objects: 0,
  rows: 0,
  verdict: "PASS",
  unrehearsed: "",
  accepted: false,
};

const ONLY_STATE = "only the stack's state";

/** What a run is about to do, in one line: `8 tiers up, 43 objects, 225 rows`. */
export function describeIntent(command: string, intent?: Intent): string {
  if (command === "refresh") return ONLY_STATE;
  if (!intent) return "without a preview";
  const { applies, adopts, removes, objects, rows, unrehearsed } = intent;
  const tiers = [
    ...(applies ? [`${count(applies, "tier")} up`] : []),
    ...(adopts ? [`${count(adopts, "tier")} taken over`] : []),
    ...(removes ? [`${count(removes, "tier")} back`] : []),
  ];
  if (tiers.length === 0) return "no tier up or back";
  const changed = [...tiers, count(objects, "object"), count(rows, "row")].join(", ");
  return unrehearsed ? `${changed}, NOT REHEARSED` : changed;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
