import { catalogAndRows, differences } from "../database/compare";
import type { TestDatabase } from "../database/database";
import { npmRun } from "../faults/process-under-test";
import type { Result } from "../processes";
import type { Engine } from "./engine";

/** What the CLI shows of the tiers under Outputs, by tier; of the last part of the output, which is the run itself. */
export function outputLines(output: string): Record<string, string> {
  const last = output.slice(output.lastIndexOf("\nOutputs:"));
  const lines = [...last.matchAll(/^\s+[+~]?\s*(tier \d [^:]*?)\s*: "(.*)"$/gm)];
  return Object.fromEntries(lines.map(([, tier, line]) => [tier, line]));
}

/** The policy that stops a run whenever its rehearsal did, whatever the others find. */
export const RUN_VERDICT = "run_verdict";

/** Names of the mandatory policies that were violated, each once, without the one that goes along with all others. */
export function violations(output: string): string[] {
  const names = [...output.matchAll(/^\s+- \[mandatory\]\s+(\w+) /gm)].map(([, name]) => name);
  return [...new Set(names)].filter((name) => name !== RUN_VERDICT).sort();
}

/** What the CLI counts under Resources, of the last part of the output. */
export function counts(output: string): string[] {
  const last = output.slice(output.lastIndexOf("\nResources:"));
  return [...last.matchAll(/^ {4}(.*\d+ (?:to )?\w.*)$/gm)].map(([, line]) => line.trim());
}

/** Lines that no operator should have to see: stack traces, and warnings of Node.js. */
export function noise(output: string): string[] {
  return output
    .split("\n")
    .filter((line) =>
      /^\s+at .*:\d+:\d+\)?$|^\s+at (async )?\S+ \(|\(node:\d+\)|--trace-warnings|unhandled/i.test(line),
    );
}

/** Sessions of the product that are still there, and advisory locks that are still held. */
export async function leftovers(db: TestDatabase): Promise<string[]> {
  const rows = await db.query<{ what: string }>(`
    SELECT 'session ' || application_name AS what FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'one-roof%'
    UNION ALL
    SELECT format('lock %s %s', classid, objid) FROM pg_locks
    WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
  return rows.map(({ what }) => what);
}

/** The result of a command that has to succeed; what the CLI said is the error if it did not. */
export async function succeed(command: Promise<Result>): Promise<Result> {
  const result = await command;
  if (result.code !== 0) throw new Error(`The command failed with exit code ${result.code}:\n${result.output}`);
  expect(noise(result.output)).toEqual([]);
  return result;
}

/** The result of a command that has to be refused, in words for an operator. */
export async function refuse(command: Promise<Result>): Promise<Result> {
  const result = await command;
  if (result.code === 0) throw new Error(`The command was not refused:\n${result.output}`);
  expect(noise(result.output)).toEqual([]);
  return result;
}

/** A command together with what it changed in the database and left behind there. */
export interface Witnessed extends Result {
  changes: string[];
  left: string[];
}

/** Runs a command that has to succeed, and compares the whole database by means that are not the product's own. */
export async function witness(db: TestDatabase, command: () => Promise<Result>): Promise<Witnessed> {
  const before = await catalogAndRows(db.url);
  const result = await succeed(command());
  const changes = differences(before, await catalogAndRows(db.url));
  return { ...result, changes, left: await leftovers(db) };
}

/** `npm run up`, which previews first, must refuse with this exit code, and may start and change nothing. */
export async function refused(db: TestDatabase, stack: Engine, code: number): Promise<Result> {
  // There is no state to look at before the first command.
  await stack.ready();
  const before = await catalogAndRows(db.url);
  const resources = stack.resources().length;
  const up = await refuse(npmRun(stack, "up"));
  expect([up.code, up.output]).toEqual([code, up.output]);
  expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  expect(stack.resources()).toHaveLength(resources);
  return up;
}
