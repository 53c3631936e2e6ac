import { changedObjects } from "../model/delta";
import {
  type DeltaContract,
  isAfter,
  type ObjectKind,
  type ObjectNames,
  type Rollout,
  type TierDeclaration,
} from "../model/rollout";
import type { Snapshot } from "../postgres/catalog-snapshot";
import type { Session } from "../postgres/session";
import type { Recorded } from "./drift";
import { type Changed, hashDefinitions, hashOwnRows, type OwnRows, seedTables, takeDetail } from "./fingerprint";
import type { LedgerRow } from "./ledger";

/**
 * What the ledger keeps of a tier at its exit: fingerprint, the rows and definitions behind it, and how what it changed of
 * earlier tiers is from now on.
 */
export async function takeRecord(
  session: Session,
  rollout: Rollout,
  tier: TierDeclaration,
  snapshot: Snapshot,
): Promise<Recorded> {
  const detail = await takeDetail(session, tier, snapshot);
  const rows = await hashOwnRows(session, tier.delta, snapshot.objects);
  const changed = await takeChanged(session, rollout, tier, snapshot);
  return {
    exit: { rows, definitions: hashDefinitions(detail.definitions) },
    detail: { ...detail, ...(changed && { changed }) },
  };
}

async function takeChanged(
  session: Session,
  rollout: Rollout,
  { tier, delta }: TierDeclaration,
  snapshot: Snapshot,
): Promise<Changed | undefined> {
  const objects = changedObjects(delta);
  if (!objects.length) return undefined;
  const rows: Record<string, OwnRows> = {};
  for (const earlier of rollout.tiers.filter((each) => isAfter(rollout, tier, each.tier))) {
    const within = onlyIn(earlier, objects);
    if (!seedTables(within.delta).length) continue;
    const { rows: behind } = await takeDetail(session, within, snapshot);
    rows[earlier.tier] = { fingerprints: await hashOwnRows(session, within.delta, snapshot.objects), rows: behind };
  }
  return { objects, rows };
}

/** A tier as far as it has rows in the tables among these objects. */
function onlyIn(declaration: TierDeclaration, objects: readonly string[]): TierDeclaration {
  const rows = Object.entries(declaration.delta.rows).filter(([table]) => objects.includes(`table ${table}`));
  return { ...declaration, delta: { objects: {}, rows: Object.fromEntries(rows), readings: {} } };
}

/** A tier as it is held to its record: what it declares, and what is recorded of that. */
export interface Held {
  readonly declaration: TierDeclaration;
  readonly recorded: Recorded;
}

/**
 * What a tier is held to while later ones are applied: of what those have changed, the objects are theirs to answer for, and its
 * rows are as the last of them left them. `ledger` has the rows of the tiers that are applied.
 */
export function heldTo(declaration: TierDeclaration, row: LedgerRow, ledger: ReadonlyMap<number, LedgerRow>): Held {
  const later = [...ledger.values()]
    .filter(({ position }) => position > row.position)
    .flatMap(({ detail: { changed } }) => changed ?? []);
  if (!later.length) return { declaration, recorded: row };
  const objects = new Set(later.flatMap((each) => each.objects));
  const rows = later.flatMap((each) => each.rows[row.tier] ?? []);
  const definitions = Object.fromEntries(Object.entries(row.detail.definitions).filter(([key]) => !objects.has(key)));
  return {
    declaration: { ...declaration, delta: without(declaration.delta, objects) },
    recorded: {
      exit: {
        rows: merged(
          row.exit.rows,
          rows.map(({ fingerprints }) => fingerprints),
        ),
        definitions: hashDefinitions(definitions),
      },
      detail: {
        rows: merged(
          row.detail.rows,
          rows.map((each) => each.rows),
        ),
        definitions,
      },
    },
  };
}

/** What was recorded by table, with what later ones have recorded in its place. */
function merged<T>(own: Readonly<Record<string, T>>, later: readonly Readonly<Record<string, T>>[]): Record<string, T> {
  return Object.fromEntries([own, ...later].flatMap((each) => Object.entries(each)));
}

/** Whether a later tier that is applied has changed something of this one. */
export function isChanged(row: LedgerRow, ledger: ReadonlyMap<number, LedgerRow>): boolean {
  return [...ledger.values()].some(
    ({ position, detail: { changed } }) =>
      position > row.position &&
      (changed?.objects.some((object) => object in row.detail.definitions) || row.tier in (changed?.rows ?? {})),
  );
}

function without(delta: DeltaContract, objects: ReadonlySet<string>): DeltaContract {
  const { changes } = delta;
  return {
    ...delta,
    objects: namesWithout(delta.objects, objects),
    ...(changes && { changes: namesWithout(changes, objects) }),
  };
}

function namesWithout(names: ObjectNames, objects: ReadonlySet<string>): ObjectNames {
  const kinds = Object.entries(names) as [ObjectKind, readonly string[]][];
  return Object.fromEntries(kinds.map(([kind, own]) => [kind, own.filter((name) => !objects.has(`${kind} ${name}`))]));
}
