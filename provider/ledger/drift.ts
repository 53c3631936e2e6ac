import { bareName, textDiff } from "../model/describe";
import { inLine } from "../model/harmless";
import type { TierDeclaration } from "../model/rollout";
import type { Snapshot } from "../postgres/catalog-snapshot";
import type { Definitions } from "../postgres/definitions";
import type { Session } from "../postgres/session";
import {
  type Detail,
  type Fingerprint,
  sameFingerprint,
  type SeedRow,
  takeDetail,
  takeFingerprint,
} from "./fingerprint";

/** What the ledger recorded when the tier was applied. */
export interface Recorded {
  readonly exit: Fingerprint;
  readonly detail: Detail;
}

/**
 * How what a tier declared differs now from what it was when applied: changed, missing and extra seed rows with old and
 * new values, changed and missing objects. Empty if nothing differs. Takes no lock stronger than a reader's.
 */
export async function findDrift(
  session: Session,
  tier: TierDeclaration,
  recorded: Recorded,
  snapshot: Snapshot,
): Promise<string[]> {
  const found = await takeFingerprint(session, tier, snapshot);
  if (sameFingerprint(recorded.exit, found)) return [];
  const live = await takeDetail(session, tier, snapshot);
  const keys = await rowKeys(session, Object.keys(recorded.detail.rows));
  const tables = Object.entries(recorded.detail.rows).map(([table, before]) => {
    const shared = tier.delta.rows[table]?.shared ?? false;
    return { table, before, ...(shared ? known(before, live.rows[table]) : { after: live.rows[table], grown: false }) };
  });
  const explained = [
    ...explainDefinitions(recorded.detail.definitions, live.definitions),
    ...tables.flatMap(({ table, before, after }) =>
      explainRows(bareName(table), keys.get(table) ?? NO_KEYS, before, after ?? []),
    ),
  ];
  const grown = new Set(tables.filter((each) => each.grown).map(({ table }) => table));
  return explained.length ? explained : unexplained(recorded.exit, found, grown);
}

/** Rows of a table that the application owns, without the columns that it has added since. */
function known(before: readonly SeedRow[], after: readonly SeedRow[] = []): { after: SeedRow[]; grown: boolean } {
  const columns = new Set(before.flatMap((row) => Object.keys(row)));
  const isKnown = ([column]: readonly [string, unknown]) => columns.has(column);
  return {
    after: after.map((row) => Object.fromEntries(Object.entries(row).filter(isKnown))),
    grown: after.some((row) => Object.keys(row).some((column) => !columns.has(column))),
  };
}

/** Rows that repeat, or numbers that only the database tells apart: where it differs is told, if not in which value. */
function unexplained(was: Fingerprint, is: Fingerprint, grown: ReadonlySet<string>): string[] {
  const tables = Object.keys(was.rows).filter(
    (table) => was.rows[table]?.hash !== is.rows[table]?.hash && !grown.has(table),
  );
  const count = ({ rows }: Fingerprint, table: string) => rows[table]?.rows ?? 0;
  return [
    ...tables.map(
      (table) =>
        `${bareName(table)} rows are not those that were applied (${count(was, table)} then, ${count(is, table)} now)`,
    ),
    ...(was.definitions === is.definitions ? [] : ["definitions are not those that were applied"]),
  ];
}

/** Columns that identify a row of a table, and those by which people know it. */
export interface RowKeys {
  readonly primary: readonly string[];
  /** Those of its widest unique index, which for a table with a surrogate key are the natural ones. */
  readonly natural: readonly string[];
}

const NO_KEYS: RowKeys = { primary: [], natural: [] };

async function rowKeys(session: Session, tables: readonly string[]): Promise<Map<string, RowKeys>> {
  const rows = await session.query<{ name: string; primary: boolean; columns: string[] }>(
    `SELECT t.name, i.indisprimary AS primary,
            array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum)) AS columns
     FROM unnest($1::text[]) AS t (name)
     JOIN pg_index i ON i.indrelid = to_regclass(t.name) AND i.indisunique AND i.indexprs IS NULL
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     GROUP BY t.name, i.indexrelid, i.indisprimary ORDER BY t.name, count(*)`,
    [tables],
  );
  const keys = new Map<string, RowKeys>();
  for (const { name, primary, columns } of rows) {
    const known = keys.get(name) ?? NO_KEYS;
    keys.set(name, { primary: primary ? columns : known.primary, natural: columns });
  }
  return keys;
}

/** Differences of one table's own rows, matched by primary key. */
export function explainRows(
  table: string,
  { primary, natural }: RowKeys,
  before: readonly SeedRow[],
  after: readonly SeedRow[],
): string[] {
  const values = (row: SeedRow, columns: readonly string[]) =>
    (columns.length ? columns : Object.keys(row)).map((column) => `${column}=${showValue(row[column])}`).join(" ");
  const [old, now] = [before, after].map((rows) => new Map(rows.map((row) => [values(row, primary), row])));
  const differences = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].sort().flatMap((key) => {
    const [was, is] = [old?.get(key), now?.get(key)];
    const row = values(was ?? is ?? {}, natural);
    if (!is) return [`row ${row} is missing`];
    if (!was) return [`row ${row} was added`];
    const columns = [...new Set([...Object.keys(was), ...Object.keys(is)])];
    const changed = columns.filter((column) => JSON.stringify(was[column]) !== JSON.stringify(is[column]));
    const moves = changed.map((column) => `${column} was ${showColumn(was, column)}, is ${showColumn(is, column)}`);
    return moves.length ? [`row ${row}: ${moves.join("; ")}`] : [];
  });
  if (!differences.length) return [];
  const head = `${differences.length} of ${before.length} ${table} rows changed`;
  return differences.map((difference) => `${head}: ${difference}`);
}

/** A column that the row does not have is not one without a value. */
function showColumn(row: SeedRow, column: string): string {
  return column in row ? showValue(row[column]) : "not a column";
}

function showValue(value: unknown): string {
  return inLine(typeof value === "string" ? value : JSON.stringify(value ?? null));
}

/** Differences of definitions: short ones as old and new value, long ones as the lines that changed. */
export function explainDefinitions(before: Definitions, after: Definitions): string[] {
  return Object.keys(before).flatMap((key) => {
    const [was, is] = [before[key] ?? {}, after[key]];
    if (!is) return [`${key} is missing`];
    const facets = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
    return facets.flatMap((facet) => {
      const [old, now] = [was[facet], is[facet]];
      if (old === now) return [];
      const what = inLine(`${key}: ${facet}`);
      if (old === undefined) return [`${what} was added: ${inLine(now ?? "")}`];
      if (now === undefined) return [`${what} is missing, was ${inLine(old)}`];
      return [`${what} ${describeText(old, now)}`];
    });
  });
}

function describeText(old: string, now: string): string {
  return old.includes("\n") || now.includes("\n")
    ? `changed:\n${textDiff("recorded", "now", old, now)}`
    : `was ${old}, is ${now}`;
}
