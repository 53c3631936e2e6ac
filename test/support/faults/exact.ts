import { createHash } from "node:crypto";
import { Client } from "pg";
import { catalogAndRows, differences, type Snapshot } from "../database/compare";
import { TABLES } from "../database/objects";
import { LEDGER } from "./rewrite";

/** A database as it can be compared with another run's, and its ledger's log, a text a row. */
export interface Exact extends Snapshot {
  log: string[];
}

/** The tables that a rollout makes or writes. */
const WRITTEN = new Set([...TABLES, "governance_object_ownership"].map((table) => `public.${table}`));

/** Their columns that are filled from sequences, which a transaction that is rolled back leaves moved. */
const NUMBERED = ["id", "scan_id", "last_scan_id"];

/** What in the ledger hashes times and numbers from sequences, or repeats them, and the rollout's own id. */
const UNREPEATABLE = ["rollout_id", "exit", "detail", "previous", "hash"];

/** A file that a rolled back scan, or a ledger that begins anew, writes anew. */
const OWN_FILE = new RegExp(
  `^(relation (?:public\\.\\w*(?:${TABLES.join("|")})|one_roof_rollout\\.)\\w* .*) file \\d+$`,
);

const TIME = String.raw`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?([-+]\d\d(:?\d\d)?|Z)?`;

/** Everything in a database but times, numbers from sequences, and which files the rollout's own tables are in. */
export async function exactly(url: string): Promise<Exact> {
  const { catalog, rows: all } = await catalogAndRows(url);
  const client = new Client(url);
  await client.connect();
  try {
    const { [LEDGER]: ledger, ...rows } = all;
    const own = Object.keys(rows).filter((table) => WRITTEN.has(table));
    for (const table of own) rows[table] = summary(await texts(client, table, NUMBERED));
    const inOrder = `(SELECT * FROM ${LEDGER} ORDER BY position)`;
    const log = ledger ? await texts(client, inOrder, UNREPEATABLE) : [];
    return { catalog: catalog.map((line) => line.replace(OWN_FILE, "$1")).sort(), rows, log };
  } finally {
    await client.end();
  }
}

/** What differs, a line each. */
export function inexactness(expected: Exact, found: Exact): string[] {
  const longest = Math.max(expected.log.length, found.log.length);
  const positions = Array.from({ length: longest }, (_, index) => index);
  return [
    ...differences(expected, found),
    ...positions
      .filter((index) => expected.log[index] !== found.log[index])
      .map((index) => `~ ledger, row ${index + 1}: ${brief(expected.log[index])} -> ${brief(found.log[index])}`),
  ];
}

async function texts(client: Client, source: string, without: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ text: string }>(
    `SELECT regexp_replace((to_jsonb(t) - $1::text[])::text, $2, 'time', 'g') AS text FROM ${source} AS t`,
    [without, TIME],
  );
  return rows.map(({ text }) => text);
}

function summary(rows: string[]): string {
  return `${rows.length} rows, ${createHash("sha256").update(rows.sort().join("\n")).digest("hex")}`;
}

function brief(row: string | undefined): string {
  if (row === undefined) return "absent";
  const { tier, action } = JSON.parse(row) as { tier: number; action: string };
  return `tier ${tier} ${action} ${createHash("sha256").update(row).digest("hex").slice(0, 8)}`;
}
