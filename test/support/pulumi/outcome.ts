import { type Snapshot } from "../database/compare";
import { TABLES } from "../database/objects";

const OWN_FILE = new RegExp(`^(relation public\\.\\w*(?:${TABLES.join("|")})\\w* .*) file \\d+$`);

/** A rolled back scan leaves its empty tables in new files: they are the rollout's own, not something restored. */
export function withoutOwnFiles({ catalog, rows }: Snapshot): Snapshot {
  return { rows, catalog: catalog.map((line) => line.replace(OWN_FILE, "$1")).sort() };
}

/** What two rollouts have in common: all but times, numbers from sequences, and the names of files. */
export function shapeOf({ catalog, rows }: Snapshot): Snapshot {
  return {
    catalog: catalog.map((line) => line.replace(/ file \d+$/, "")).sort(),
    rows: Object.fromEntries(Object.entries(rows).map(([table, hash]) => [table, hash.split(",")[0]])),
  };
}
