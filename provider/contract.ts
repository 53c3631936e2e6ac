import { show } from "./readings";
import type { MeasuredDelta } from "./report";
import type { DeltaContract, Reading, Readings, Rollout, RowCount, TierDeclaration } from "./rollout";
import type { Changes } from "./snapshot";

/** What a tier changed, in the terms of its contract, from what two snapshots and two sets of readings tell. */
export function measureDelta(
  contract: DeltaContract,
  moved: Changes,
  before: Readings,
  after: Readings,
): MeasuredDelta {
  const objects: Record<string, number> = {};
  for (const kind of moved.added.map(kindOf).sort()) objects[kind] = (objects[kind] ?? 0) + 1;
  const rows = [...moved.rows].sort().map(([table, { inserted }]) => [table, inserted] as const);
  const readings = Object.keys(contract.readings).sort();
  return {
    objects,
    rows: Object.fromEntries(rows.filter(([, inserted]) => inserted > 0)),
    readings: Object.fromEntries(readings.map((name) => [name, `${show(before[name])} → ${show(after[name])}`])),
  };
}

/** The kind of `view public.v_axis`. */
function kindOf(key: string): string {
  return key.slice(0, key.search(/ [^ ]*(\(.*\))?$/));
}

/**
 * Everything in which a measured delta differs from the declared one, in words; empty if the contract holds.
 * A range is held to what this run's own rehearsal measured, when there is one.
 */
export function breaches(
  tier: TierDeclaration,
  moved: Changes,
  before: Readings,
  after: Readings,
  rehearsed?: MeasuredDelta,
): string[] {
  return [
    ...objectBreaches(tier.delta, moved),
    ...moved.removed.map((key) => `undeclared: ${key} was dropped`),
    ...moved.changed.map((key) => `undeclared: ${key} was altered`),
    ...moved.rewritten.map((table) => `undeclared: table ${table} was truncated or rewritten`),
    ...rowBreaches(tier.delta, moved, rehearsed),
    ...readingBreaches(tier.delta, before, after),
  ];
}

/** Keys of declared objects as a snapshot has them. */
export function declaredObjects({ objects }: DeltaContract): string[] {
  return Object.entries(objects).flatMap(([kind, names]) => names.map((name) => `${kind} ${name}`));
}

function objectBreaches(contract: DeltaContract, { added }: Changes): string[] {
  const declared = declaredObjects(contract);
  return [
    ...declared.filter((key) => !added.includes(key)).map((key) => `declared but not created: ${key}`),
    ...added.filter((key) => !declared.includes(key)).map((key) => `undeclared: ${key} was created`),
  ];
}

function rowBreaches({ rows }: DeltaContract, moved: Changes, rehearsed?: MeasuredDelta): string[] {
  const tables = new Set([...Object.keys(rows), ...moved.rows.keys()]);
  return [...tables].flatMap((table) => {
    const { inserted = 0, updated = 0, deleted = 0 } = moved.rows.get(table) ?? {};
    const contract = rows[table];
    const written = `${String(inserted)} inserted, ${String(updated)} updated, ${String(deleted)} deleted`;
    if (!contract) return [`undeclared write in ${table}: expected none, measured ${written}`];
    if (updated || deleted) return [`${table}: expected only inserted rows, measured ${written}`];
    const expected = expectedCount(contract.inserted, rehearsed && (rehearsed.rows[table] ?? 0));
    return within(inserted, expected)
      ? []
      : [`${table}: expected ${showCount(expected)} rows, measured +${String(inserted)}`];
  });
}

/** A range narrowed to what was rehearsed, as long as that lies inside it. */
function expectedCount(declared: RowCount, rehearsed: number | undefined): RowCount {
  return typeof declared === "object" && rehearsed !== undefined && within(rehearsed, declared) ? rehearsed : declared;
}

function readingBreaches({ readings }: DeltaContract, from: Readings, to: Readings): string[] {
  return Object.entries(readings).flatMap(([name, { before, after }]) => {
    const [was, is] = [from[name] ?? null, to[name] ?? null];
    const right = was === before && (typeof after === "object" && after !== null ? within(is, after) : is === after);
    const declared = `${show(before)} to ${typeof after === "object" && after !== null ? showRange(after) : show(after)}`;
    return right ? [] : [`reading ${name}: expected ${declared}, measured ${show(was)} to ${show(is)}`];
  });
}

/** Invariants that moved, or that could not be measured, in words. */
export function invariantBreaches(rollout: Rollout, before: Readings, after: Readings): string[] {
  return rollout.invariants.flatMap((name) => {
    const [was, is] = [before[name] ?? null, after[name] ?? null];
    if (was === null || is === null) return [`invariant ${name} could not be measured`];
    return was === is ? [] : [`invariant ${name}: expected to stay ${show(was)}, measured ${show(is)}`];
  });
}

/** Whether a count is what was declared. */
export function within(count: Reading, declared: RowCount): boolean {
  if (typeof count !== "number") return false;
  return typeof declared === "number" ? count === declared : count >= declared.from && count <= declared.to;
}

function showCount(count: RowCount): string {
  return typeof count === "number" ? `+${String(count)}` : `+${showRange(count)}`;
}

function showRange({ from, to }: { from: number; to: number }): string {
  return `${String(from)}…${String(to)}`;
}
