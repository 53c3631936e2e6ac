import fc from "fast-check";
import {
  expectation,
  failedGates,
  gateKey,
  gateReadings,
  gateReadingsFrom,
  holds,
  satisfies,
} from "../../provider/gates";
import { parseReading } from "../../provider/readings";
import type { Notice } from "../../provider/session";
import { rollout } from "../../tiers";
import { gate, ROLLOUT } from "./fixtures";

const [first, second] = ROLLOUT.tiers;

describe("a condition", () => {
  test.each([
    [210, "= 210", true],
    [209, "= 210", false],
    ["approved", "= approved", true],
    ["Approved", "= approved", false],
    ["two words", "= two words", true],
    [1, ">= 1", true],
    [2, ">= 1", true],
    [0, ">= 1", false],
    ["2", ">= 1", false],
    ["many", ">= 1", false],
    [0, "in 0,43", true],
    [43, "in 0,43", true],
    [4, "in 0,43", false],
    ["0,43", "in 0,43", false],
    [5, "< 6", false],
    [5, "5", false],
    [5, "", false],
  ])("%j satisfies %j: %j", (measured, condition, expected) => {
    expect(satisfies(measured, condition)).toBe(expected);
  });

  test("is satisfied by no reading that is null", () => {
    fc.assert(fc.property(fc.string(), (condition) => !satisfies(null, condition)));
    for (const { gates } of rollout.tiers) {
      for (const each of gates) expect(satisfies(null, expectation(each, rollout, {}))).toBe(false);
    }
  });

  test("of equality is satisfied by the text itself only", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => satisfies(a, `= ${b}`) === (a === b)));
  });

  test("of a minimum is satisfied as numbers are compared", () => {
    fc.assert(fc.property(fc.integer(), fc.integer(), (a, b) => satisfies(a, `>= ${b}`) === a >= b));
  });
});

describe("an expectation", () => {
  test("is written as the SQL files write it", () => {
    expect(second.gates.map((each) => gateKey(each, ROLLOUT, {}))).toEqual(["entry doors in 0,2", "exit doors = 2"]);
  });

  test("may be a parameter, given, by default, or not known", () => {
    expect(expectation(first.gates[0], ROLLOUT, { base: "copy" })).toBe("= copy");
    expect(expectation(first.gates[0], ROLLOUT, {})).toBe("= main");
    expect(satisfies("x", expectation(gate("entry", "code", "=", { parameter: "code" }), ROLLOUT, {}))).toBe(false);
  });
});

describe("what a file measured", () => {
  const notice = (more: Partial<Notice> = {}): Notice => ({
    ...{ code: "OR000", schema: "toy", table: "exit", constraint: "doors", column: "= 2", dataType: "2" },
    ...more,
  });
  const measured = (...notices: Notice[]) => gateReadings(ROLLOUT, second, {}, notices);
  const failures = (...notices: Notice[]) => failedGates(ROLLOUT, second, {}, measured(...notices), ["exit"]);

  test("is taken from its notices, and holds", () => {
    expect(measured(notice())).toEqual({ "exit doors = 2": 2 });
    expect(failures(notice())).toEqual([]);
  });

  test.each<[string, Partial<Notice>]>([
    ["another number", { dataType: "3" }],
    ["no number", { dataType: "NULL" }],
    ["nothing", { dataType: undefined }],
    ["another condition than the declared one", { column: "= 3" }],
    ["another operator", { column: ">= 2" }],
    ["another gate", { constraint: "windows" }],
    ["another position", { table: "entry" }],
    ["a notice of another program", { schema: "public" }],
    ["a notice of another kind", { code: "00000" }],
  ])("fails with %s", (_, more) => {
    expect(failures(notice(more))).toEqual([expect.stringMatching(/^tier 1 exit gate doors: expected = 2, measured /)]);
  });

  test("fails without any notice, for each gate declared", () => {
    expect(failedGates(ROLLOUT, second, {}, {})).toEqual([
      "tier 1 entry gate doors: expected in 0,2, measured not measured",
      "tier 1 exit gate doors: expected = 2, measured not measured",
    ]);
  });
});

test("from readings alone a gate holds exactly if its own reading does", () => {
  const judge = (readings: Record<string, number | string | null>) => {
    const measured = gateReadingsFrom(ROLLOUT, first.gates, {}, readings);
    return first.gates.map((each) => holds(each, ROLLOUT, {}, measured));
  };
  expect(judge({ base: "main", doors: 0 })).toEqual([true, true]);
  expect(judge({ base: "main", doors: 1 })).toEqual([true, false]);
  expect(judge({ base: "other", doors: null })).toEqual([false, false]);
  expect(judge({})).toEqual([false, false]);
});

test.each([
  ["0", 0],
  ["-5", -5],
  ["150018", 150018],
  ["1234567890123456", "1234567890123456"],
  ["1.5", "1.5"],
  ["1e3", "1e3"],
  ["", ""],
  ["approved", "approved"],
  [null, null],
])("the reading %j becomes %j", (value, expected) => {
  expect(parseReading(value)).toBe(expected);
});
