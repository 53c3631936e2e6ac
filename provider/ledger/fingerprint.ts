import { changedObjects, declaredObjects } from "../model/delta";
import type { Finding } from "../model/findings";
import type { DeltaContract, TierDeclaration } from "../model/rollout";
import type { Snapshot } from "../postgres/catalog-snapshot";
import { type Definitions, takeDefinitions } from "../postgres/definitions";
import type { Session } from "../postgres/session";
import { sha256 } from "../release/digest";

/** One of the tier's own rows, by column. */
export type SeedRow = Readonly<Record<string, unknown>>;

/** The tier's own rows in one table: a hash computed in the database, their number, and what names a row. */
export interface RowFingerprint {
  readonly rows: number;
  readonly hash: string;
}

/**
 * What a tier declares, at one moment: its own rows by table and, as one hash, the definitions of the objects that it makes or
 * changes.
 * Equal means restored, or unchanged. A table that does not exist is absent.
 */
export interface Fingerprint {
  readonly rows: Readonly<Record<string, RowFingerprint>>;
  readonly definitions: string;
}

/** Everything behind a fingerprint, kept in the ledger so that a difference can be explained. */
export interface Detail {
  readonly rows: Readonly<Record<string, readonly SeedRow[]>>;
  readonly definitions: Definitions;
  /** What it changed of earlier tiers; left out where it changed nothing of theirs. */
  readonly changed?: Changed;
}

/** What a tier has changed of earlier ones, which from then on are held to this instead of their own record. */
export interface Changed {
  /** Their objects; how these are defined since stands among the tier's own definitions. */
  readonly objects: readonly string[];
  /** Their own rows in the tables among these objects, as they are since, by tier. */
  readonly rows: Readonly<Record<string, OwnRows>>;
}

/** Own rows of a tier, by table: their fingerprints, and the rows behind these. */
export interface OwnRows {
  readonly fingerprints: Fingerprint["rows"];
  readonly rows: Detail["rows"];
}

/** Tables in which the tier has seed rows: operational rows live on and are not compared. */
export function seedTables({ rows }: DeltaContract): (readonly [table: string, own: string])[] {
  return Object.entries(rows).flatMap(([table, { own, operational }]) => (operational ? [] : [[table, own] as const]));
}

/**
 * Fingerprints what a tier declares, independent of formatting, oids and the physical order of rows. `snapshot` tells
 * which tables exist. At most two round trips.
 */
export async function takeFingerprint(
  session: Session,
  { delta }: TierDeclaration,
  { objects }: Snapshot,
): Promise<Fingerprint> {
  const rows = await hashOwnRows(session, delta, objects);
  return { rows, definitions: hashDefinitions(await definitionsOf(session, delta, objects)) };
}

/** How the objects are defined that a tier makes, and those of earlier tiers that it changes. */
function definitionsOf(session: Session, delta: DeltaContract, objects: Snapshot["objects"]): Promise<Definitions> {
  const changed = changedObjects(delta);
  const present = [...declaredObjects(delta), ...changed].filter((key) => objects.has(key));
  return takeDefinitions(session, present, changed);
}

/** The tier's own rows alone, in one round trip; `objects` tells which tables exist. */
export async function hashOwnRows(
  session: Session,
  delta: DeltaContract,
  objects: Snapshot["objects"],
): Promise<Record<string, RowFingerprint>> {
  const tables = seedTables(delta).filter(([table]) => objects.has(`table ${table}`));
  if (!tables.length) return {};
  const selects = tables.map(
    ([table, own]) => `SELECT '${table}' AS name, count(*)::integer AS rows,
      coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text) COLLATE "C")), '') AS hash FROM ${table} t WHERE ${own}`,
  );
  const found = await session.query<RowFingerprint & { name: string }>(selects.join("\nUNION ALL\n"));
  return Object.fromEntries(found.map(({ name, rows, hash }) => [name, { rows, hash }]));
}

/** How many own rows of the tier there are, operational ones too, in one round trip. */
export async function countOwnRows(
  session: Session,
  { rows }: DeltaContract,
  objects: Snapshot["objects"],
): Promise<Record<string, number>> {
  const tables = Object.entries(rows).filter(([table]) => objects.has(`table ${table}`));
  if (!tables.length) return {};
  const selects = tables.map(
    ([table, { own }]) => `SELECT '${table}' AS name, count(*)::integer AS rows FROM ${table} WHERE ${own}`,
  );
  const found = await session.query<{ name: string; rows: number }>(selects.join("\nUNION ALL\n"));
  return Object.fromEntries(found.map(({ name, rows: count }) => [name, count]));
}

/** Hashes definitions independent of the order in which they were read. */
export function hashDefinitions(definitions: Definitions): string {
  const lines = Object.entries(definitions).flatMap(([key, facets]) =>
    Object.entries(facets).map(([facet, text]) => JSON.stringify([key, facet, text])),
  );
  return sha256(lines.sort().join("\n"));
}

/** The rows and definitions behind a fingerprint, for the ledger and for explaining a difference. */
export async function takeDetail(session: Session, { delta }: TierDeclaration, { objects }: Snapshot): Promise<Detail> {
  const present = seedTables(delta).filter(([table]) => objects.has(`table ${table}`));
  const selects = present.map(
    ([table, own]) =>
      `SELECT '${table}' AS name, coalesce(jsonb_agg(to_jsonb(t)), '[]') AS rows FROM ${table} t WHERE ${own}`,
  );
  const found = selects.length
    ? await session.query<{ name: string; rows: SeedRow[] }>(selects.join("\nUNION ALL\n"))
    : [];
  return {
    rows: Object.fromEntries(found.map(({ name, rows }) => [name, rows])),
    definitions: await definitionsOf(session, delta, objects),
  };
}

/** The fingerprint where nothing of a tier is there. */
export const NOTHING: Fingerprint = { rows: {}, definitions: hashDefinitions({}) };

/** Whether two fingerprints are equal. A table that is absent holds no rows. */
export function sameFingerprint(one: Fingerprint, other: Fingerprint): boolean {
  const tables = new Set([...Object.keys(one.rows), ...Object.keys(other.rows)]);
  const hash = (fingerprint: Fingerprint, table: string) => fingerprint.rows[table]?.hash ?? "";
  return one.definitions === other.definitions && [...tables].every((table) => hash(one, table) === hash(other, table));
}

/** What of a tier's entry was not restored; empty if its fingerprint is the one of the entry. */
export function restoreFindings(entry: Fingerprint, found: Fingerprint): Finding[] {
  if (sameFingerprint(entry, found)) return [];
  const tables = [...new Set([...Object.keys(entry.rows), ...Object.keys(found.rows)])];
  const rows = tables.flatMap((table): Finding[] => {
    const [was, is] = [entry.rows[table], found.rows[table]];
    if ((was?.hash ?? "") === (is?.hash ?? "")) return [];
    return [{ is: "rows not restored", table, expected: was?.rows ?? 0, measured: is?.rows ?? 0 }];
  });
  return entry.definitions === found.definitions ? rows : [...rows, { is: "definitions not restored" }];
}
