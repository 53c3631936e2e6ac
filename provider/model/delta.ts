import type { Finding } from "./findings";
import type {
  DeltaContract,
  Movement,
  ObjectNames,
  Reading,
  ReadingContract,
  Readings,
  Rollout,
  RowCount,
  RowCounters,
  TierDeclaration,
} from "./rollout";

/** What happened to a database between two moments of one transaction, whoever did it. */
export interface Changes {
  /** Objects as `kind identity`, such as `table public.axis_value`. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** Tables that were truncated or rewritten. */
  readonly rewritten: readonly string[];
  /** Sequences that may have moved and tables that may have been written, each with the table it belongs to. */
  readonly touched?: readonly { readonly object: string; readonly table: string }[];
  /** Tables that were there before and are now locked in a mode that makes others wait, with that mode. */
  readonly locked?: readonly { readonly table: string; readonly mode: string }[];
  /** Tables with rows written, and how many. */
  readonly rows: ReadonlyMap<string, RowCounters>;
}

/** What a tier was measured to change. */
export interface MeasuredDelta {
  /** Number of objects added, by kind. */
  readonly objects: Readonly<Record<string, number>>;
  /** Number of objects of earlier tiers that are defined otherwise, by kind; left out where the contract names none. */
  readonly changes?: Readonly<Record<string, number>>;
  /** Rows inserted, by table; tables without are left out. Any other write is a stop. */
  readonly rows: Readonly<Record<string, number>>;
  /** The readings that the contract names. */
  readonly readings: Readonly<Record<string, Movement>>;
}

export const NO_DELTA: MeasuredDelta = { objects: {}, rows: {}, readings: {} };

/** A tier's own run, as two moments tell it. */
export interface Measurement {
  readonly changes: Changes;
  /** Which objects of earlier tiers are defined otherwise than before; only those that the contract names are looked at. */
  readonly redefined?: readonly string[];
  readonly before: Readings;
  readonly after: Readings;
}

/** What a tier changed, in the terms of its contract. */
export function measureDelta(
  contract: DeltaContract,
  { changes, redefined = [], before, after }: Measurement,
): MeasuredDelta {
  const rows = [...changes.rows].sort().map(([table, { inserted }]) => [table, inserted] as const);
  const readings = Object.keys(contract.readings).sort();
  return {
    objects: countKinds(changes.added),
    ...(redefined.length && { changes: countKinds(redefined) }),
    rows: Object.fromEntries(rows.filter(([, inserted]) => inserted > 0)),
    readings: Object.fromEntries(
      readings.map((name) => [name, { before: before[name] ?? null, after: after[name] ?? null }]),
    ),
  };
}

/** How many objects there are of each kind, by kind in order. */
export function countKinds(objects: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of objects.map(kindOf).sort()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** The kind of `view public.v_axis`. */
function kindOf(object: string): string {
  return object.slice(0, object.search(/ [^ ]*(\(.*\))?$/));
}

/** The objects that a contract declares, named as a snapshot names them. */
export function declaredObjects({ objects }: DeltaContract): string[] {
  return objectKeys(objects);
}

/** The objects of earlier tiers that a contract declares to change, named as a snapshot names them. */
export function changedObjects({ changes = {} }: DeltaContract): string[] {
  return objectKeys(changes);
}

function objectKeys(objects: ObjectNames): string[] {
  return Object.entries(objects).flatMap(([kind, names]) => names.map((name) => `${kind} ${name}`));
}

/** Everything in which a tier did not do what it declares; empty if the contract holds. */
export function contractFindings(
  { delta }: TierDeclaration,
  { changes, redefined = [], before, after }: Measurement,
): Finding[] {
  const mayChange = changedObjects(delta);
  return [
    ...objectFindings(delta, changes),
    ...changes.removed.map((object): Finding => ({ is: "undeclared drop", object })),
    ...changes.changed
      .filter((object) => !mayChange.includes(object))
      .map((object): Finding => ({ is: "undeclared change", object })),
    ...mayChange
      .filter((object) => !redefined.includes(object))
      .map((object): Finding => ({ is: "unchanged object", object })),
    ...changes.rewritten.map((table): Finding => ({ is: "undeclared rewrite", table })),
    ...touchFindings([...Object.keys(delta.rows), ...(delta.objects.table ?? [])], changes),
    ...rowFindings(delta, changes),
    ...Object.entries(delta.readings).flatMap(([name, contract]) =>
      readingFindings(name, contract, { before: before[name] ?? null, after: after[name] ?? null }),
    ),
  ];
}

function objectFindings(contract: DeltaContract, { added }: Changes): Finding[] {
  const declared = declaredObjects(contract);
  return [
    ...declared
      .filter((object) => !added.includes(object))
      .map((object): Finding => ({ is: "missing object", object })),
    ...added
      .filter((object) => !declared.includes(object))
      .map((object): Finding => ({ is: "undeclared object", object })),
  ];
}

/** What was locked for writing outside of these tables, and is not told by its rows or as an object already. */
export function touchFindings(tables: readonly string[], { touched = [], rows, added, removed }: Changes): Finding[] {
  const told = new Set([...tables, ...rows.keys()]);
  return touched
    .filter(({ object, table }) => !told.has(table) && !added.includes(object) && !removed.includes(object))
    .filter(({ table }) => !added.includes(`table ${table}`))
    .map(({ object }): Finding => ({ is: "undeclared touch", object }));
}

/** Strong locks on tables of others that the tier does not declare; what the rollout itself makes is used by nobody but its readers. */
export function lockFindings({ tiers }: Rollout, { locks = [] }: DeltaContract, { locked = [] }: Changes): Finding[] {
  const own = tiers.flatMap(({ delta }) => delta.objects.table ?? []);
  return locked
    .filter(({ table }) => !locks.includes(table) && !own.includes(table))
    .map(({ table, mode }): Finding => ({ is: "undeclared lock", table, mode }));
}

function rowFindings({ rows }: DeltaContract, changes: Changes): Finding[] {
  const tables = new Set([...Object.keys(rows), ...changes.rows.keys()]);
  return [...tables].flatMap((table): Finding[] => {
    const written = changes.rows.get(table) ?? { inserted: 0, updated: 0, deleted: 0 };
    const contract = rows[table];
    if (!contract) return [{ is: "undeclared write", table, written }];
    if (written.updated || written.deleted) return [{ is: "rows not only inserted", table, written }];
    const expected = contract.inserted;
    return within(written.inserted, expected) ? [] : [{ is: "row count", table, expected, measured: written.inserted }];
  });
}

function readingFindings(name: string, expected: ReadingContract, measured: Required<Movement>): Finding[] {
  const { before, after } = expected;
  const ends = after !== null && typeof after === "object" ? within(measured.after, after) : measured.after === after;
  return ends && measured.before === before ? [] : [{ is: "reading", name, expected, measured }];
}

/** Invariants that moved, or that could not be measured. */
export function invariantFindings({ invariants }: Rollout, before: Readings, after: Readings): Finding[] {
  return invariants.flatMap((name): Finding[] => {
    const measured = { before: before[name] ?? null, after: after[name] ?? null };
    return measured.before !== null && measured.before === measured.after ? [] : [{ is: "invariant", name, measured }];
  });
}

/** Whether a count is what was declared. */
export function within(count: Reading, declared: RowCount): boolean {
  if (typeof count !== "number") return false;
  return typeof declared === "number" ? count === declared : count >= declared.from && count <= declared.to;
}
