import fc from "fast-check";
import {
  type Changes,
  contractFindings,
  invariantFindings,
  type MeasuredDelta,
  measureDelta,
  within,
} from "../../provider/model/delta";
import { describeFinding } from "../../provider/model/describe";
import { compareRehearsal } from "../../provider/model/describe-tiers";
import type { DeltaContract, Readings, RowCounters, TierDeclaration } from "../../provider/model/rollout";
import { changes, type Snapshot } from "../../provider/postgres/catalog-snapshot";
import { moved, report, ROLLOUT } from "./fixtures";

const CONTRACT: DeltaContract = {
  objects: { table: ["public.doors"], function: ["public.knock(times integer, hard boolean)"] },
  rows: { "public.doors": { inserted: 2, own: "true" }, "public.keys": { inserted: { from: 3, to: 5 }, own: "true" } },
  readings: { doors: { before: 0, after: 2 }, keys: { before: null, after: { from: 3, to: 5 } } },
};
const TIER: TierDeclaration = { ...ROLLOUT.tiers[1], delta: CONTRACT };
const ADDED = ["table public.doors", "function public.knock(times integer, hard boolean)"];
const BEFORE: Readings = { doors: 0, keys: null };
const AFTER: Readings = { doors: 2, keys: 4 };

const inserted = (count: number): RowCounters => ({ inserted: count, updated: 0, deleted: 0 });

function asDeclared(rows: Record<string, RowCounters> = {}, more: Partial<Changes> = {}): Changes {
  const declared = { "public.doors": inserted(2), "public.keys": inserted(4), ...rows };
  return moved({ added: ADDED, rows: new Map(Object.entries(declared)), ...more });
}

const judge = (happened: Changes, after: Readings = AFTER, before: Readings = BEFORE) =>
  contractFindings(TIER, { changes: happened, before, after }).map(describeFinding);

test("nothing is said of a tier that does what it declares", () => {
  expect(judge(asDeclared())).toEqual([]);
});

test.each<[what: string, happened: Changes, breach: string]>([
  ["a row more", asDeclared({ "public.doors": inserted(3) }), "public.doors: expected +2 rows, measured +3"],
  ["a row less", asDeclared({ "public.doors": inserted(1) }), "public.doors: expected +2 rows, measured +1"],
  ["no row at all", asDeclared({ "public.doors": inserted(0) }), "public.doors: expected +2 rows, measured +0"],
  ["less than the range", asDeclared({ "public.keys": inserted(2) }), "public.keys: expected +3…5 rows, measured +2"],
  ["more than the range", asDeclared({ "public.keys": inserted(6) }), "public.keys: expected +3…5 rows, measured +6"],
  [
    "a row elsewhere",
    asDeclared({ "public.letters": inserted(1) }),
    "undeclared write in public.letters: expected none, measured 1 inserted, 0 updated, 0 deleted",
  ],
  [
    "an update elsewhere",
    asDeclared({ "public.letters": { inserted: 0, updated: 1, deleted: 0 } }),
    "undeclared write in public.letters: expected none, measured 0 inserted, 1 updated, 0 deleted",
  ],
  [
    "an update in its own table",
    asDeclared({ "public.doors": { inserted: 2, updated: 1, deleted: 0 } }),
    "public.doors: expected only inserted rows, measured 2 inserted, 1 updated, 0 deleted",
  ],
  [
    "a deletion that makes up for a row too many",
    asDeclared({ "public.doors": { inserted: 3, updated: 0, deleted: 1 } }),
    "public.doors: expected only inserted rows, measured 3 inserted, 0 updated, 1 deleted",
  ],
  [
    "an object more",
    asDeclared({}, { added: [...ADDED, "view public.hall"] }),
    "undeclared: view public.hall was created",
  ],
  ["an object less", asDeclared({}, { added: ADDED.slice(1) }), "declared but not created: table public.doors"],
  ["an object dropped", asDeclared({}, { removed: ["view public.w"] }), "undeclared: view public.w was dropped"],
  ["an object altered", asDeclared({}, { changed: ["table public.w"] }), "undeclared: table public.w was altered"],
  [
    "a table truncated",
    asDeclared({}, { rewritten: ["public.w"] }),
    "undeclared: table public.w was truncated or rewritten",
  ],
])("a tier that writes %s is told so", (_, happened, breach) => {
  expect(judge(happened)).toEqual([breach]);
});

test("an object of another signature is not the declared one", () => {
  const other = ["table public.doors", "function public.knock(times integer)"];
  expect(judge(asDeclared({}, { added: other }))).toHaveLength(2);
});

test.each<[what: string, before: Readings, after: Readings, breach: string]>([
  ["another end", BEFORE, { ...AFTER, doors: 3 }, "reading doors: expected 0 to 2, measured 0 to 3"],
  ["another start", { ...BEFORE, doors: 1 }, AFTER, "reading doors: expected 0 to 2, measured 1 to 2"],
  ["no end", BEFORE, { keys: 4 }, "reading doors: expected 0 to 2, measured 0 to not measured"],
  [
    "an end out of range",
    BEFORE,
    { ...AFTER, keys: 6 },
    "reading keys: expected not measured to 3…5, measured not measured to 6",
  ],
  ["a text of the right look", BEFORE, { ...AFTER, doors: "2" }, "reading doors: expected 0 to 2, measured 0 to 2"],
])("a reading with %s is told so", (_, before, after, breach) => {
  expect(judge(asDeclared(), after, before)).toEqual([breach]);
});

test("within its range a number may differ from the rehearsal, and is told; outside of it is a breach", () => {
  const delta = (keys: number): MeasuredDelta => ({
    objects: {},
    readings: {},
    rows: { "public.doors": 2, "public.keys": keys },
  });
  const told = (keys: number) => compareRehearsal(TIER, report({ delta: delta(4) }), report({ delta: delta(keys) }));
  expect(judge(asDeclared({ "public.keys": inserted(5) }))).toEqual([]);
  expect(told(4)).toBe("");
  expect(told(5)).toMatch(
    /the database has moved on since the rehearsal: keys declared \+3…5, rehearsed \+4, measured \+5$/,
  );
  expect(judge(asDeclared({ "public.keys": inserted(9) }))).toEqual(["public.keys: expected +3…5 rows, measured +9"]);
});

test("there are no breaches exactly if the rows written are the rows declared", () => {
  const counts = fc.dictionary(fc.constantFrom("public.a", "public.b", "public.c"), fc.integer({ min: 0, max: 3 }));
  fc.assert(
    fc.property(counts, counts, (declared, written) => {
      const rows = Object.fromEntries(
        Object.entries(declared).map(([table, count]) => [table, { inserted: count, own: "true" }]),
      );
      const tier = { ...TIER, delta: { objects: {}, readings: {}, rows } };
      const counters = Object.entries(written).filter(([, count]) => count > 0);
      const happened = moved({ rows: new Map(counters.map(([table, count]) => [table, inserted(count)])) });
      const tables = [...Object.keys(declared), ...Object.keys(written)];
      const equal = tables.every((table) => (declared[table] ?? 0) === (written[table] ?? 0));
      expect(contractFindings(tier, { changes: happened, before: {}, after: {} }).length === 0).toBe(equal);
    }),
  );
});

describe("an invariant", () => {
  test.each<[string, Readings, Readings, string[]]>([
    ["stays", { letters: 7, parcels: 0 }, { letters: 7, parcels: 0 }, []],
    [
      "moves",
      { letters: 7, parcels: 0 },
      { letters: 8, parcels: 0 },
      ["invariant letters: expected to stay 7, measured 8"],
    ],
    ["is lost", { letters: 7, parcels: 0 }, { letters: 7 }, ["invariant parcels could not be measured"]],
    [
      "was never there",
      { letters: 7, parcels: null },
      { letters: 7, parcels: null },
      ["invariant parcels could not be measured"],
    ],
  ])("that %s", (_, before, after, expected) => {
    expect(invariantFindings(ROLLOUT, before, after).map(describeFinding)).toEqual(expected);
  });
});

test("a delta counts objects by kind and rows by table, and shows how readings moved", () => {
  const happened = asDeclared({ "public.w": inserted(0) });
  expect(measureDelta(CONTRACT, { changes: happened, before: BEFORE, after: AFTER })).toEqual({
    objects: { function: 1, table: 1 },
    rows: { "public.doors": 2, "public.keys": 4 },
    readings: { doors: { before: 0, after: 2 }, keys: { before: null, after: 4 } },
  });
});

test.each([
  [3, 3, true],
  [3, 4, false],
  [3, { from: 3, to: 4 }, true],
  [5, { from: 3, to: 4 }, false],
  [null, { from: 0, to: 9 }, false],
  ["3", 3, false],
])("%j is within %j: %j", (count, declared, expected) => {
  expect(within(count, declared)).toBe(expected);
});

test("changes are what differs between two snapshots, and counters their difference", () => {
  const snapshot = (
    objects: Record<string, string>,
    files: Record<string, string>,
    counters: Record<string, RowCounters>,
  ): Snapshot => ({
    objects: new Map(Object.entries(objects)),
    files: new Map(Object.entries(files)),
    counters: new Map(Object.entries(counters)),
  });
  const before = snapshot({ "table a": "1", "table b": "1", "view c": "1" }, { a: "10", b: "11" }, { a: inserted(2) });
  const after = snapshot(
    { "table a": "1", "table b": "2", "view d": "1" },
    { a: "12", b: "11" },
    { a: inserted(5), b: inserted(0) },
  );
  expect(changes(before, after)).toEqual({
    added: ["view d"],
    removed: ["view c"],
    changed: ["table b"],
    rewritten: ["a"],
    rows: new Map([["a", inserted(3)]]),
  });
  expect(changes(before, before)).toEqual(moved());
});
