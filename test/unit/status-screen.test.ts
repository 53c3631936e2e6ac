import type { Facts } from "../../cli/monitor/facts";
import { oneLine, screenOf } from "../../cli/monitor/screen";
import { rollout } from "../../tiers";

const LONG = "a name that somebody has made as long as he could ".repeat(9);

/** Everything that can go wrong at once, and is long. */
const WORST: Facts = {
  target: { connection: LONG, database: "d", system: "7713497291021213336", stack: "prod" },
  release: { here: "a".repeat(64), pinned: "b".repeat(64), differing: [LONG] },
  request: LONG,
  approval: {
    demanded: true,
    inForce: { release: "c".repeat(64), request: LONG, approvedBy: LONG, validUntil: "2026-11-29T00:00:00+00:00" },
  },
  rollout: "0f0e0d0c-0b0a-4908-8706-050403020100",
  stands: [1, 2, 3, 4, 5, 6],
  tiers: rollout.tiers.map(({ tier, title, rollback }) => ({
    tier,
    title,
    writes: rollback !== undefined,
    stands: false,
    applied: {
      at: "2026-11-29T02:41:09Z",
      by: LONG,
      rolloutId: "",
      position: tier,
      hash: "",
      digest: "d".repeat(64),
      asHere: false,
      release: null,
      request: null,
    },
    drift: [LONG, LONG, LONG],
  })),
  ledger: "as written",
  start: {
    verdict: "BLOCKED",
    next: 4,
    blockers: Array.from({ length: 20 }, () => ({
      gate: "ospa",
      expected: ">= 1",
      measured: LONG,
      meaning: "",
      remedy: "",
      token: "",
      told: LONG,
    })),
  },
  back: {
    could: false,
    tiers: [{ tier: 6, dataLoss: [LONG, LONG], dependents: [LONG, LONG], isOther: true, unknown: LONG }],
  },
  atWork: LONG,
  next: [LONG, LONG],
};

test("the worst that can be found fits on a screen of 30 lines and 100 columns", () => {
  const lines = screenOf(WORST).split("\n");
  expect(lines).toHaveLength(30);
  expect(Math.max(...lines.map((line) => Array.from(line).length))).toBe(100);
});

test.each([
  ["a\nb\tc\x1b[2J", "a\\nb\\tc\\x1b[2J"],
  ["x".repeat(101), `${"x".repeat(99)}…`],
  ["😀".repeat(100), "😀".repeat(100)],
  ["trailing  ", "trailing"],
])("a line is one line: %j", (text, expected) => {
  expect(oneLine(text)).toBe(expected);
});
