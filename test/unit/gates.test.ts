import fc from "fast-check";
import { gateNotices, gateReadings } from "../../provider/execute/gate-notices";
import { describeCondition, describeGate } from "../../provider/model/describe";
import { bindGates, type BoundGate, failedGates, holds, measureGates } from "../../provider/model/gates";
import type { Gate, Reading } from "../../provider/model/rollout";
import { parseReading } from "../../provider/postgres/probe";
import type { Notice } from "../../provider/postgres/session";
import { rollout } from "../../tiers";
import { gate, ROLLOUT } from "./fixtures";

const [first, second] = ROLLOUT.tiers;

const bound = (operator: string, expected: string): BoundGate => ({
  tier: 1,
  at: "exit",
  name: "doors",
  operator: operator as Gate["operator"],
  expected,
});
const satisfies = (measured: Reading, operator: string, expected: string) =>
  holds({ ...bound(operator, expected), measured });

describe("a condition", () => {
  test.each<[Reading, string, string, boolean]>([
    [210, "=", "210", true],
    [209, "=", "210", false],
    ["approved", "=", "approved", true],
    ["Approved", "=", "approved", false],
    ["two words", "=", "two words", true],
    [1, ">=", "1", true],
    [2, ">=", "1", true],
    [0, ">=", "1", false],
    ["2", ">=", "1", false],
    ["many", ">=", "1", false],
    [0, "in", "0,43", true],
    [43, "in", "0,43", true],
    [4, "in", "0,43", false],
    ["0,43", "in", "0,43", false],
    [5, "<", "6", false],
    [5, "", "5", false],
    [5, "", "", false],
  ])("%j satisfies %s %j: %j", (measured, operator, expected, verdict) => {
    expect(satisfies(measured, operator, expected)).toBe(verdict);
  });

  test("is satisfied by no reading that is null, or that Pulumi has dropped", () => {
    const operators = fc.constantFrom("=", ">=", "in", "");
    fc.assert(fc.property(operators, fc.string(), (operator, expected) => !satisfies(null, operator, expected)));
    for (const tier of rollout.tiers) {
      for (const each of bindGates(rollout, tier, {})) {
        expect(holds({ ...each, measured: null })).toBe(false);
        expect(failedGates([each], { [each.at]: {} })).toHaveLength(1);
      }
    }
  });

  test("of equality is satisfied by the text itself only", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => satisfies(a, "=", b) === (a === b)));
  });

  test("of a minimum is satisfied as numbers are compared", () => {
    fc.assert(fc.property(fc.integer(), fc.integer(), (a, b) => satisfies(a, ">=", `${b}`) === a >= b));
  });
});

describe("an expectation", () => {
  const conditions = (gates: readonly Gate[], parameters: Record<string, string>) =>
    bindGates(ROLLOUT, { tier: 1, gates }, parameters).map(
      (each) => `${each.at} ${each.name} ${describeCondition(each)}`,
    );

  test("is written as the SQL files write it", () => {
    expect(conditions(second.gates, {})).toEqual(["entry doors in 0,2", "exit doors = 2"]);
  });

  test("may be a parameter, given, by default, or not known", () => {
    expect(conditions([first.gates[0]], { base: "copy" })).toEqual(["entry base = copy"]);
    expect(conditions([first.gates[0]], {})).toEqual(["entry base = main"]);
    const [unknown] = bindGates(ROLLOUT, { tier: 1, gates: [gate("entry", "code", "=", { parameter: "code" })] }, {});
    expect(holds({ ...unknown, measured: "x" })).toBe(false);
  });
});

describe("what a file measured", () => {
  const notice = (more: Partial<Notice> = {}): Notice => ({
    code: "OR000",
    schema: "toy",
    table: "exit",
    constraint: "doors",
    column: "= 2",
    dataType: "2",
    ...more,
  });
  const gates = bindGates(ROLLOUT, second, {});
  const measured = (...notices: Notice[]) => gateReadings(gates, gateNotices(ROLLOUT, notices));
  const failures = (...notices: Notice[]) =>
    failedGates(
      gates.filter(({ at }) => at === "exit"),
      measured(...notices),
    ).map(describeGate);

  test("is taken from its notices, and holds", () => {
    expect(measured(notice())).toEqual({ exit: { doors: 2 } });
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

  test("with a long list names as many as fit in a line or two, and how many more there are", () => {
    const columns = Array.from({ length: 45 }, (_, index) => `some_relation.column_${index}`);
    const [gate] = failedGates(gates, {});
    const text = describeGate({ ...gate, measured: columns.join(", ") });
    expect(text).toMatch(/measured some_relation\.column_0, .*\.column_5, and 39 more$/);
    expect(text.length).toBeLessThan(230);
  });

  test("fails without any notice, for each gate declared", () => {
    expect(failedGates(gates, {}).map(describeGate)).toEqual([
      "tier 1 entry gate doors: expected in 0,2, measured not measured",
      "tier 1 exit gate doors: expected = 2, measured not measured",
    ]);
  });
});

test("from readings alone a gate holds exactly if its own reading does", () => {
  const judge = (readings: Record<string, number | string | null>) => {
    const gates = bindGates(ROLLOUT, first, {});
    const failed = failedGates(gates, measureGates(gates, readings)).map(({ name }) => name);
    return gates.map(({ name }) => !failed.includes(name));
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
