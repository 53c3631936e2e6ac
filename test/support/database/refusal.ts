import { catalogAndRows, differences } from "./compare";
import type { TestDatabase } from "./database";
import type { Settings } from "./psql";

export interface Refusal {
  code: number;
  /** The gates that the refusal names, in its message and with have and want in its detail. */
  gates: string[];
  /** What the refused run left behind. */
  changes: string[];
}

/** Runs a file that must be refused, and tells what it said and whether it left anything behind. */
export async function refusal(db: TestDatabase, file: string, settings?: Settings): Promise<Refusal> {
  const before = await catalogAndRows(db.url);
  const { code, stderr } = await db.file(file, settings);
  const changes = differences(before, await catalogAndRows(db.url));
  return { code, gates: failedGates(stderr), changes };
}

/** A refusal at exactly these gates. */
export function refusedAt(...gates: string[]): Refusal {
  return { code: 3, gates, changes: [] };
}

/** Every gate that a refusal names in its detail. */
export function namedGates(stderr: string): string[] {
  return [...stderr.matchAll(/^(?:DETAIL: +)?(\w+): want (?:=|>=|in) .+, have .+$/gm)].map(([, name]) => name);
}

/**
 * Those of them whose expectation is one word, named in the message too. Gates that tell in words what else was found
 * (`row_deltas`, `structure`, `owners`) go along with what broke them, and have tests of their own.
 */
export function failedGates(stderr: string): string[] {
  const message = /ERROR: +(.*)/.exec(stderr)?.[1] ?? "";
  return namedGates(stderr).filter((name) =>
    new RegExp(`\\b${name} expected (=|>=|in) \\S+, measured \\S`).test(message),
  );
}

/** The gates that a run measured, as `section name operator expected`, in order. */
export function measuredGates(stderr: string): string[] {
  return [...stderr.matchAll(/NOTICE: +gate (\w+) (\w+): expected (.+?), measured /g)].map(
    ([, section, name, expected]) => `${section} ${name} ${expected}`,
  );
}
