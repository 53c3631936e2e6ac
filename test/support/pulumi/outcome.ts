import { catalogAndRows, differences, type Snapshot } from "../database/compare";
import type { TestDatabase } from "../database/database";
import { TABLES } from "../database/objects";
import { programOn } from "./program";

const OWN_FILE = new RegExp(`^(relation public\\.\\w*(?:${TABLES.join("|")})\\w* .*) file \\d+$`);

/** A rollout's own, in whatever schema it keeps it. */
const isLedger = (table: string) => table.endsWith(".ledger");

/**
 * A rolled back scan leaves its empty tables in new files: they are the rollout's own, not something restored. The ledger's log
 * only grows.
 */
export function withoutOwnFiles({ catalog, rows }: Snapshot): Snapshot {
  return {
    rows: Object.fromEntries(Object.entries(rows).map(([table, hash]) => [table, isLedger(table) ? "a log" : hash])),
    catalog: catalog.map((line) => line.replace(OWN_FILE, "$1")).sort(),
  };
}

/**
 * What two rollouts have in common: all but times, numbers from sequences, the names of files, and how long the ledger's log
 * has become on the way.
 */
export function shapeOf({ catalog, rows }: Snapshot): Snapshot {
  const shape = (table: string, hash: string) => (isLedger(table) ? "a log" : hash.split(",")[0]);
  return {
    catalog: catalog.map((line) => line.replace(/ file \d+$/, "")).sort(),
    rows: Object.fromEntries(Object.entries(rows).map(([table, hash]) => [table, shape(table, hash)])),
  };
}

/** How a database differs from the two ends of a rollout: from what it held before one, and from what one makes of it. */
export interface Ends {
  toBaseline: () => Promise<string[]>;
  toEnd: () => Promise<string[]>;
}

/** Looks at both ends of a rollout that nothing disturbs, and rolls it back. */
export async function endsOf(db: TestDatabase): Promise<Ends> {
  const rolled = programOn(db);
  const baseline = await catalogAndRows(db.url);
  const states = await rolled.up();
  const end = shapeOf(await catalogAndRows(db.url));
  for (const state of states.reverse()) await rolled.destroy(state);
  return {
    toBaseline: async () => differences(baseline, withoutOwnFiles(await catalogAndRows(db.url))),
    toEnd: async () => differences(end, shapeOf(await catalogAndRows(db.url))),
  };
}
