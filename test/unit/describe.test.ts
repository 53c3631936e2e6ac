import { type MeasuredDelta, NO_DELTA } from "../../provider/model/delta";
import { describeDelta, describeReport, fitting, listStops, tierLine } from "../../provider/model/describe";
import { rehearsedLines } from "../../provider/model/describe-tiers";
import { type Stop, stopsOf } from "../../provider/model/findings";
import type { GateResult } from "../../provider/model/gates";
import { report, ROLLOUT } from "./fixtures";

const DELTA: MeasuredDelta = {
  objects: { table: 1, view: 31 },
  rows: { "public.doors": 2, "other.keys": 30 },
  readings: {
    doors: { before: 0, after: 2 },
    locks: { before: 7, after: 7 },
    keys: { before: null, after: 38 },
  },
};
const GATE: GateResult = { tier: 1, at: "exit", name: "a", operator: "=", expected: "1", measured: 2 };

test("a delta tells objects, rows and the readings that moved", () => {
  expect(describeDelta(DELTA)).toBe("+1 table, +31 views, +2 doors, +30 keys, doors 0 → 2, keys not measured → 38");
  expect(describeDelta(NO_DELTA)).toBe("no change");
  expect(describeDelta({ ...NO_DELTA, readings: { doors: { before: 2, after: 2 } } })).toBe("no change");
});

test("a reading that could not be taken is told, also where Pulumi has dropped its null", () => {
  expect(describeDelta({ ...NO_DELTA, readings: { keys: { after: 38 } } })).toBe("keys not measured → 38");
});

test("a report that passed tells its gates and what it changed", () => {
  expect(describeReport(report({ gates: { entry: { a: 1 }, exit: { a: 1, b: 2 } }, delta: DELTA }))).toBe(
    `as declared, 3 gates passed: ${describeDelta(DELTA)}`,
  );
});

test("a report that stopped tells every reason and what was measured", () => {
  const stops: Stop[] = [
    ...stopsOf("gate", 1, [{ is: "failed gate", ...GATE }]),
    ...stopsOf("delta", 1, [{ is: "row count", table: "public.doors", expected: 2, measured: 3 }]),
  ];
  const texts = ["tier 1 exit gate a: expected = 1, measured 2", "tier 1 public.doors: expected +2 rows, measured +3"];
  const line = describeReport(report({ verdict: "STOP", stops, delta: DELTA }));
  expect(line).toMatch(/^STOP: /);
  for (const text of texts) expect(line).toContain(text);
  expect(line).toContain(describeDelta(DELTA));
  expect(listStops(stops)).toBe(`  - ${texts[0]}\n  - ${texts[1]}`);
});

test("a report that was not rehearsed never reads like one that passed", () => {
  const stops = stopsOf("rehearsal", 1, [{ is: "not rehearsed" }]);
  const line = describeReport(report({ verdict: "NOT REHEARSED", stops }));
  expect(line).toMatch(/not rehearsed/i);
  expect(line).not.toMatch(/passed|as declared/);
});

test("a line names what a terminal of 100 columns has room for, and counts the rest", () => {
  const parts = Array.from({ length: 20 }, (_, index) => `-${index} rows`);
  const line = fitting("Tier 1 rolled back: ", parts);
  expect(line).toMatch(/^Tier 1 rolled back: -0 rows, -1 rows, .* and \d+ more$/);
  expect(line.length).toBeLessThanOrEqual(96);
  expect(fitting("a: ", ["b", "c"])).toBe("a: b, c");
  expect(fitting("a: ", ["b".repeat(200), "c"])).toBe(`a: ${"b".repeat(200)} …`);
  const wide = { ...NO_DELTA, rows: { [`a.${"b".repeat(60)}`]: 30 }, readings: DELTA.readings };
  expect(tierLine(report({ delta: wide }))).toMatch(/: as declared, 0 gates passed: \+30 b{60} …$/);
  const long = { ...DELTA, rows: Object.fromEntries(parts.map((_, index) => [`public.table_${index}`, 2])) };
  expect(tierLine(report({ delta: long }))).toMatch(
    /^Tier 1 \(.*\): as declared, 0 gates passed: \+1 table, \+31 views and 3 more$/,
  );
});

test("what was rehearsed is one line for each tier, and the policies tell what stopped", () => {
  const [scripts] = ROLLOUT.tiers.map((declaration) => ({ declaration }));
  const stops = stopsOf("gate", 1, [{ is: "failed gate", ...GATE }]);
  const stopped = { scripts, report: report({ verdict: "STOP", stops }) };
  const unreached = { scripts, report: report({ tier: 3, verdict: "NOT REHEARSED", rollback: "not rehearsed" }) };
  const title = report({}).title;
  expect(rehearsedLines([stopped, unreached], true)).toMatch(
    new RegExp(`^Tier 1 \\(${title}\\): STOP\n(.*\n)?Not reached: tiers 3$`),
  );
  expect(rehearsedLines([stopped], false)).toContain("tier 1 exit gate a: expected = 1, measured 2");
  expect(rehearsedLines([unreached], true)).toBe("");
});
