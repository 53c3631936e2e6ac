import { changedObjects, declaredObjects, within } from "../model/delta";
import { codeOf, RolloutError } from "../model/errors";
import { type Rollout, type TierDeclaration, writes } from "../model/rollout";
import type { Snapshot } from "../postgres/catalog-snapshot";
import type { Session } from "../postgres/session";
import { countOwnRows, seedTables } from "./fingerprint";
import type { LedgerRow } from "./ledger";

/** What of a tier is there, as measured: declared objects, and how many own rows in which table, operational ones too. */
export async function presentOf(session: Session, { delta }: TierDeclaration, snapshot: Snapshot): Promise<string[]> {
  const rows = await unhidden(session, () => countOwnRows(session, delta, snapshot.objects));
  return [
    ...declaredObjects(delta).filter((object) => snapshot.objects.has(object)),
    ...Object.entries(rows).flatMap(([table, found]) => (found ? [`${found} own rows in ${table}`] : [])),
  ];
}

/** Rows that a policy would hide are an error while `work` counts, not none. */
async function unhidden<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.query("SET row_security = off");
  try {
    return await work();
  } finally {
    // In a transaction that failed it is undone with it.
    await session.query("SET row_security = on").catch(() => undefined);
  }
}

/**
 * Refuses a tier that the ledger does not call applied, of which something is there all the same: the ledger was dropped or
 * lost a row, or the tier was run by hand. Absence is claimed only where it was measured.
 */
export async function requireAbsent(session: Session, declaration: TierDeclaration, snapshot: Snapshot): Promise<void> {
  const { tier, title, rollback } = declaration;
  const present = await presentOf(session, declaration, snapshot);
  if (!present.length) return;
  throw new RolloutError(
    `Tier ${tier} (${title}) is not in the ledger, so its rollback cannot be proven, but there is still: ` +
      `${present.join(", ")}. Nothing was changed. If the ledger lost its row, restore that from a backup; else roll the ` +
      `tier back by hand with psql -f ${rollback ?? ""}, then run the command again.`,
  );
}

/**
 * How a tier that the ledger calls applied, and that has not drifted from its row, cannot have been: the row records less than
 * the tier declares, or nothing of the tier is there.
 */
export async function findUnfounded(
  session: Session,
  declaration: TierDeclaration,
  { exit, detail }: Pick<LedgerRow, "exit" | "detail">,
  snapshot: Snapshot,
): Promise<string[]> {
  const { delta } = declaration;
  const counts = seedTables(delta).map(([table]) => ({ table, rows: exit.rows[table]?.rows ?? 0 }));
  const objects = [...declaredObjects(delta), ...changedObjects(delta)];
  const unfounded = [
    ...objects
      .filter((object) => !(object in detail.definitions))
      .map((object) => `the ledger calls it applied without ${object}`),
    ...counts
      .filter(({ table, rows }) => !within(rows, delta.rows[table]?.inserted ?? 0))
      .map(
        ({ table, rows }) =>
          `the ledger calls it applied with ${rows} own rows in ${table}, which is not what it declares`,
      ),
  ];
  if (unfounded.length || counts.some(({ rows }) => rows > 0) || objects.length) return unfounded;
  const present = await presentOf(session, declaration, snapshot);
  return present.length ? [] : ["the ledger calls it applied, but nothing of it is there"];
}

/** What a login meets where a relation, a column or a right is missing, or a column is of another type. */
const NOT_THERE = /^(42|22)/;

/**
 * The tiers that stand, whatever a ledger says: of which each declared object is there, or, where a tier makes none, any own
 * row. What this login may not read does not stand for it. The gate monitor's SQL asks the same.
 */
export async function standingTiers(session: Session, { tiers }: Rollout): Promise<TierDeclaration[]> {
  const writing = tiers.filter(writes);
  const relations = await existing(session, writing);
  const standing: TierDeclaration[] = [];
  for (const tier of writing) {
    const objects = declaredNames(tier);
    const stands = objects.length
      ? objects.every((name) => relations.has(name))
      : await hasOwnRows(session, tier, relations);
    if (stands) standing.push(tier);
  }
  return standing;
}

/** Whether a tier makes objects or writes rows by which it can be known to stand. */
export function leavesItsOwn(tier: TierDeclaration): boolean {
  return declaredNames(tier).length > 0 || Object.keys(tier.delta.rows).length > 0;
}

/** Names of relations and functions, whatever kind they are of: another thing of that name is in the way just the same. */
async function existing(session: Session, tiers: readonly TierDeclaration[]): Promise<ReadonlySet<string>> {
  const names = tiers.flatMap((tier) => [...declaredNames(tier), ...Object.keys(tier.delta.rows)]);
  const found = await session.query<{ name: string }>(
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind NOT IN ('i', 'I', 'S', 't') AND n.nspname || '.' || c.relname = ANY ($1)
     UNION SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname || '.' || p.proname = ANY ($1)`,
    [names],
  );
  return new Set(found.map(({ name }) => name));
}

/** Functions without their arguments. */
function declaredNames({ delta: { objects } }: TierDeclaration): string[] {
  return Object.values(objects).flatMap((names) => names.map((name) => name.replace(/\(.*\)$/, "")));
}

async function hasOwnRows(
  session: Session,
  { delta: { rows } }: TierDeclaration,
  relations: ReadonlySet<string>,
): Promise<boolean> {
  for (const [table, { own }] of Object.entries(rows)) {
    if (!relations.has(table)) continue;
    try {
      const [found] = await session.query(`SELECT FROM ${table} WHERE ${own} LIMIT 1`);
      if (found) return true;
    } catch (error) {
      if (!NOT_THERE.test(codeOf(error) ?? "")) throw error;
    }
  }
  return false;
}
