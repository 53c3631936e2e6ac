import { describeDelta, describeReport } from "../../provider/lines";
import { listStops, type MeasuredDelta, NO_DELTA } from "../../provider/report";
import { report } from "./fixtures";

const DELTA: MeasuredDelta = {
  objects: { table: 1, view: 31 },
  rows: { "public.doors": 2, "other.keys": 30 },
  readings: { doors: "0 → 2", locks: "7 → 7", keys: "not measured → 38" },
};

test("a delta tells objects, rows and the readings that moved", () => {
  expect(describeDelta(DELTA)).toBe("+1 table, +31 views, +2 doors, +30 keys, doors 0 → 2, keys not measured → 38");
  expect(describeDelta(NO_DELTA)).toBe("no change");
  expect(describeDelta({ ...NO_DELTA, readings: { doors: "2 → 2" } })).toBe("no change");
});

test("a reading that moves from one end of the other's text is told", () => {
  expect(describeDelta({ ...NO_DELTA, readings: { a: "2 → 22", b: "22 → 2" } })).toBe("a 2 → 22, b 22 → 2");
});

test("a report that passed tells its gates and what it changed", () => {
  expect(describeReport(report({ gates: { "exit a = 1": 1, "exit b = 2": 2 }, delta: DELTA }))).toBe(
    `as declared, 2 gates passed: ${describeDelta(DELTA)}`,
  );
});

test("a report that stopped tells every reason and what was measured", () => {
  const stops = [
    { kind: "gate" as const, text: "tier 1 exit gate a: expected = 1, measured 2" },
    { kind: "delta" as const, text: "tier 1 public.doors: expected +2 rows, measured +3" },
  ];
  const line = describeReport(report({ verdict: "STOP", stops, delta: DELTA }));
  expect(line).toMatch(/^STOP: /);
  for (const { text } of stops) expect(line).toContain(text);
  expect(line).toContain(describeDelta(DELTA));
  expect(listStops(stops)).toBe(`  - ${stops[0].text}\n  - ${stops[1].text}`);
});

test("a report that was not rehearsed never reads like one that passed", () => {
  const line = describeReport(
    report({ verdict: "NOT REHEARSED", stops: [{ kind: "rehearsal", text: "may not write" }] }),
  );
  expect(line).toMatch(/not rehearsed/i);
  expect(line).not.toMatch(/passed|as declared/);
});
