import { readFileSync } from "node:fs";
import { bindGates } from "../../provider/model/gates";
import { judgeReadiness, readinessLine } from "../../provider/plan/readiness";
import { type Reading, writes } from "../../provider/model/rollout";
import { firstSentence } from "../../provider/model/errors";
import { rollout } from "../../tiers";
import { monitor } from "../../tiers/monitor";
import { tierFile } from "../support/database/files";
import { ROLLOUT } from "./fixtures";

const PARAMETERS = { ratifiedApr: "APR-1" };
const GATES = rollout.tiers[0].gates;

/** Readings under which every gate holds. */
const READY = Object.fromEntries(
  bindGates(rollout, { tier: 0, gates: GATES }, PARAMETERS).map(({ name, expected }): [string, Reading] => [
    name,
    /^\d+$/.test(expected) ? Number(expected) : expected,
  ]),
);

const line = (readings: Record<string, Reading>, parameters: Record<string, string> = PARAMETERS) =>
  readinessLine({ ...judgeReadiness(rollout, monitor.tokens, parameters, readings), tiers: [] });

test("every gate holds: READY", () => {
  expect(line(READY)).toBe("READY");
});

test.each(GATES.map(({ name }) => name))("%s alone blocks, also when it is null or not there", (name) => {
  const without = Object.fromEntries(Object.entries(READY).filter(([each]) => each !== name));
  for (const broken of [{ ...READY, [name]: "x" }, { ...READY, [name]: null }, without]) {
    expect(line(broken)).toMatch(new RegExp(`^BLOCKED ${name}: [^;]+;$`));
  }
});

test("every blocker is told at once, in the order of the gates", () => {
  const { blockers } = judgeReadiness(rollout, monitor.tokens, PARAMETERS, {});
  expect(blockers.map(({ gate }) => gate)).toEqual(GATES.map(({ name }) => name));
  expect(blockers.every(({ measured, meaning, remedy }) => measured === null && meaning && remedy)).toBe(true);
});

test("the ratified request blocks where none is named, and says so", () => {
  for (const parameters of [{}, { ratifiedApr: "" }] as Record<string, string>[])
    expect(line({ ...READY, ratified_request: null }, parameters)).toBe(
      "BLOCKED ratified_request: ratified_request not named;",
    );
});

test("every token belongs to a gate of the first tier, every parameter to the rollout", () => {
  const names = rollout.tiers[0].gates.map(({ name }) => name);
  for (const [gate, token] of Object.entries(monitor.tokens)) {
    expect(names).toContain(gate);
    if (token?.names) expect(Object.keys(rollout.parameters)).toContain(token.names);
  }
});

test("a gate without a token is reported by its own name", () => {
  expect(readinessLine({ ...judgeReadiness(ROLLOUT, {}, {}, { base: "copy", doors: 4 }), tiers: [] })).toBe(
    "BLOCKED base: base<>main; doors: doors<>0;",
  );
});

test("a declaration without gates allows nothing", () => {
  expect(judgeReadiness({ ...ROLLOUT, tiers: [] }, {}, {}, {}).verdict).toBe("BLOCKED");
});

describe("what stands is told before what could start", () => {
  const BLOCKER = { gate: "ospa", expected: ">= 1", measured: 0, meaning: "", remedy: "", token: "ospa<1" };
  test.each([
    ["READY", [], undefined, "READY"],
    ["READY", [1], 2, "PARTLY ROLLED OUT tier 1; tier 2 READY"],
    ["READY", [1, 2, 3], 4, "PARTLY ROLLED OUT tiers 1, 2, 3; tier 4 READY"],
    ["BLOCKED", [1, 2], 3, "PARTLY ROLLED OUT tiers 1, 2; tier 3 BLOCKED ospa: ospa<1;"],
    ["ROLLED OUT", [1, 2, 3], undefined, "ROLLED OUT"],
    ["BLOCKED", [1, 2, 3], undefined, "ROLLED OUT; BLOCKED ospa: ospa<1;"],
  ] as const)("%s with tiers %j", (verdict, tiers, next, expected) => {
    const blockers = verdict === "BLOCKED" ? [BLOCKER] : [];
    expect(readinessLine({ verdict, blockers, tiers, ...(next && { next }) })).toBe(expected);
  });
});

test.each([
  [
    "The ledger was rewritten: in a.ledger the row at position 3 does not chain. Nothing of it was run.",
    /position 3 does not chain$/,
  ],
  ["Tier 1 is there. Nothing was changed.", /^Tier 1 is there$/],
  ["One sentence", /^One sentence$/],
])("of the refusal %s the line has the first sentence", (message, expected) => {
  expect(firstSentence(message)).toMatch(expected);
});

describe("the monitor's SQL", () => {
  const sql = readFileSync("sql/gate_monitor/gate_check.sql", "utf8");

  test("lists the entry gates of every tier that a rollout may have to start with, as declared", () => {
    const monitored = [...sql.matchAll(/^ {2}(\d) (\w+) +(=|>=|in) +(\S.*)$/gm)].map(([, ...words]) => words.join(" "));
    const declared = rollout.tiers
      .filter((tier, index) => index === 0 || writes(tier))
      .flatMap((tier) => bindGates(rollout, tier, { database: "{database}" }))
      .filter(({ at }) => at === "entry")
      .map(({ tier, name, operator, expected }) => `${tier} ${name} ${operator} ${expected}`);
    expect(monitored).toEqual(declared);
  });

  test("tells the readings of a tier's axis what the tier's own file tells them, as the command does", () => {
    const axes = [1, 2, 3, 4, 5, 6].flatMap((tier) => {
      const [, axis] = /^SET LOCAL one_roof\.axis = '(\w+)'/m.exec(readFileSync(tierFile(tier), "utf8")) ?? [];
      return axis ? [[`${tier}`, axis]] : [];
    });
    expect(Object.entries(monitor.settings).map(([tier, settings]) => [tier, settings?.["one_roof.axis"]])).toEqual(
      axes,
    );
    expect([...sql.matchAll(/WHEN '(\d)' THEN '(\w+)'/g)].map(([, ...words]) => words)).toEqual(axes);
  });
});
