import type { DeltaContract, TierDeclaration } from "./rollout";
import type { Session } from "./session";
import type { Snapshot } from "./snapshot";

/** A hash of this tier's own rows in one table, and their number; null when the table does not exist. */
export type RowFingerprint = { readonly rows: number; readonly hash: string } | null;

/** Own rows of a tier by table. Equal means restored. */
export type Fingerprint = Readonly<Record<string, RowFingerprint>>;

/** Tables in which the tier has seed rows: operational rows live on and are not compared. */
function seedTables({ rows }: DeltaContract): [table: string, own: string][] {
  return Object.entries(rows).flatMap(([table, { own, operational }]) => (operational ? [] : [[table, own]]));
}

/**
 * Hashes the tier's own rows, independent of their physical order, in one round trip. `snapshot` tells which of the
 * tables exist.
 */
export async function takeFingerprint(
  session: Session,
  { delta }: TierDeclaration,
  { objects }: Snapshot,
): Promise<Fingerprint> {
  const tables = seedTables(delta);
  const selects = tables
    .filter(([table]) => objects.has(`table ${table}`))
    .map(
      ([table, own]) => `SELECT '${table}' AS name, count(*)::integer AS rows,
        coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') AS hash FROM ${table} t WHERE ${own}`,
    );
  const found = selects.length
    ? await session.query<{ name: string; rows: number; hash: string }>(selects.join("\nUNION ALL\n"))
    : [];
  const hashes = new Map(found.map(({ name, rows, hash }) => [name, { rows, hash }]));
  return Object.fromEntries(tables.map(([table]) => [table, hashes.get(table) ?? null]));
}

/** Tables whose own rows differ between two fingerprints, in words. A table that is absent holds no rows. */
export function fingerprintDifferences(expected: Fingerprint, found: Fingerprint): string[] {
  return Object.keys({ ...expected, ...found }).flatMap((table) => {
    const [was, is] = [expected[table], found[table]];
    if ((was?.rows ?? 0) === 0 && (is?.rows ?? 0) === 0) return [];
    if (was?.hash === is?.hash) return [];
    const [wasRows, isRows] = [was?.rows ?? 0, is?.rows ?? 0];
    return [
      wasRows === isRows
        ? `${table}: ${String(isRows)} own rows whose content differs`
        : `${table}: expected ${String(wasRows)} own rows, found ${String(isRows)}`,
    ];
  });
}
