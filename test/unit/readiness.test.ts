import { bindGates } from "../../provider/model/gates";
import { judgeReadiness, startGates, readinessLine } from "../../provider/plan/readiness";
import type { Reading } from "../../provider/model/rollout";
import { rollout } from "../../tiers";
import { blockerTokens } from "../../tiers/monitor";
import { ROLLOUT } from "./fixtures";

const PARAMETERS = { ratifiedApr: "APR-1" };
const GATES = startGates(rollout, blockerTokens, PARAMETERS);

/** Readings under which every gate holds. */
const READY = Object.fromEntries(
  bindGates(rollout, { tier: 0, gates: GATES }, PARAMETERS).map(({ name, expected }): [string, Reading] => [
    name,
    /^\d+$/.test(expected) ? Number(expected) : expected,
  ]),
);

const line = (readings: Record<string, Reading>, parameters: Record<string, string> = PARAMETERS) =>
  readinessLine(judgeReadiness(rollout, blockerTokens, parameters, readings));

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
  const { blockers } = judgeReadiness(rollout, blockerTokens, PARAMETERS, {});
  expect(blockers.map(({ gate }) => gate)).toEqual(GATES.map(({ name }) => name));
  expect(blockers.every(({ measured, meaning, remedy }) => measured === null && meaning && remedy)).toBe(true);
});

test("the ratified request is judged only where one is known", () => {
  const names = (parameters: Record<string, string>) =>
    startGates(rollout, blockerTokens, parameters).map(({ name }) => name);
  expect(names(PARAMETERS)).toContain("ratified_request");
  expect(names({})).not.toContain("ratified_request");
  expect(names({ ratifiedApr: "" })).not.toContain("ratified_request");
  expect(line({ ...READY, ratified_request: null }, {})).toBe("READY");
});

test("every token belongs to a gate of the first tier, every parameter to the rollout", () => {
  const names = rollout.tiers[0].gates.map(({ name }) => name);
  for (const [gate, token] of Object.entries(blockerTokens)) {
    expect(names).toContain(gate);
    if (token?.onlyWith) expect(Object.keys(rollout.parameters)).toContain(token.onlyWith);
  }
});

test("a gate without a token is reported by its own name", () => {
  expect(readinessLine(judgeReadiness(ROLLOUT, {}, {}, { base: "copy", doors: 4 }))).toBe(
    "BLOCKED base: base<>main; doors: doors<>0;",
  );
});

test("a declaration without gates allows nothing", () => {
  expect(judgeReadiness({ ...ROLLOUT, tiers: [] }, {}, {}, {}).verdict).toBe("BLOCKED");
});
