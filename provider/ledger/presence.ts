import { changedObjects, declaredObjects, within } from "../model/delta";
import { RolloutError } from "../model/errors";
import type { TierDeclaration } from "../model/rollout";
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
