import type { ResourceValidationArgs } from "@pulumi/policy";
import type { GateResult } from "../../provider/model/gates";
import type { Reading } from "../../provider/model/rollout";
import { type RunVerdict, TIER_TYPE, type TierInputs } from "../../provider/model/tier-inputs";
import { gatePolicies } from "../../policy/gates";
import { rollout } from "../../tiers";
import { inputs, PASSED, report, ROLLOUT, run } from "./fixtures";

/** Violations by policy, none left out. */
async function judge(props: TierInputs, type = TIER_TYPE): Promise<string[]> {
  const found: string[] = [];
  for (const policy of gatePolicies(ROLLOUT)) {
    const validate = [policy.validateResource].flat()[0];
    const args = { type, props, opts: {} } as unknown as ResourceValidationArgs;
    await validate?.(args, (message) => found.push(`${policy.name}: ${message}`));
  }
  return found;
}

const onFirst = (gates: readonly GateResult[], more: Partial<RunVerdict> = {}) =>
  judge(inputs({ run: run({ gates, ...more }) }));

/** A gate by its place in PASSED, as a test names it. */
const NAMES = PASSED.map(({ tier, at, name }) => `tier ${tier} ${at} ${name}`);
const without = (...names: string[]) => PASSED.filter((_, index) => !names.includes(NAMES[index]));
const but = (name: string, more: Partial<GateResult>) =>
  PASSED.map((each, index) => (NAMES[index] === name ? { ...each, ...more } : each));

test("a run in which every gate held passes", async () => {
  expect(await onFirst(PASSED)).toEqual([]);
});

test.each<[name: string, measured: Reading, violation: string]>([
  [
    "tier 0 entry base",
    "copy",
    "base: Stop gate failed: tier 0 entry gate base: expected = main, measured copy. Mend base.",
  ],
  ["tier 0 entry doors", 1, "doors: Stop gate failed: tier 0 entry gate doors: expected = 0, measured 1. Mend doors."],
  [
    "tier 1 entry doors",
    1,
    "doors: Stop gate failed: tier 1 entry gate doors: expected in 0,2, measured 1. Mend doors.",
  ],
  ["tier 1 exit doors", 3, "doors: Stop gate failed: tier 1 exit gate doors: expected = 2, measured 3. Mend doors."],
  [
    "tier 3 exit windows",
    0,
    "windows: Stop gate failed: tier 3 exit gate windows: expected >= 1, measured 0. Mend windows.",
  ],
  [
    "tier 3 exit windows",
    null,
    "windows: Stop gate failed: tier 3 exit gate windows: expected >= 1, measured not measured. Mend windows.",
  ],
])("%s, measured %j, is a violation of its own policy only", async (name, measured, violation) => {
  expect(await onFirst(but(name, { measured }))).toEqual([violation]);
  expect(await onFirst(but(name, { measured }), { verdict: "STOP" })).toEqual([violation]);
  expect(await onFirst(but(name, { measured }), { verdict: "NOT REHEARSED" })).toEqual([violation]);
});

test.each(NAMES)("a run that calls itself passed without %s is stopped", async (name) => {
  expect(await onFirst(without(name))).toEqual([expect.stringMatching(/Stop gate failed: .* measured not measured/)]);
});

test("a run that measured nothing and calls itself passed fails at every gate", async () => {
  expect(await onFirst([])).toHaveLength(PASSED.length);
});

test("what a stop kept from being measured is excused, because another policy stops the run", async () => {
  const later = ["tier 1 exit doors", "tier 3 exit windows"];
  expect(await onFirst(without(...later), { verdict: "STOP" })).toEqual([]);
});

test("a reading under another condition than the declared one does not count", async () => {
  expect(await onFirst(but("tier 1 exit doors", { expected: "3", measured: 3 }))).toEqual([
    expect.stringMatching(/^doors: .*expected = 2, measured not measured/),
  ]);
});

test("the expectation of a parameter is that of the inputs, not of the report", async () => {
  const props = inputs({ parameters: { base: "copy" }, run: run() });
  expect(await judge(props)).toEqual([expect.stringMatching(/^base: .*expected = copy, measured not measured/)]);
});

test("tiers that are applied already are not judged by the gates of their entry", async () => {
  expect(await onFirst(but("tier 0 entry doors", { measured: 2 }), { applies: [3] })).toEqual([]);
  expect(await onFirst([], { applies: [], removes: [3, 1] })).toEqual([]);
});

test("a later tier answers for its own gates", async () => {
  const later = (gates: readonly GateResult[], applies = [1]) =>
    judge(inputs({ tier: 1, report: report({ gates }), run: run({ applies, gates: [] }) }));
  expect(await later(PASSED)).toEqual([]);
  expect(await later(but("tier 1 exit doors", { measured: 1 }))).toHaveLength(1);
  expect(await later([])).toHaveLength(2);
  expect(await later([], [])).toEqual([]);
});

test("resources that are no tiers are none of its business", async () => {
  expect(await judge(inputs({ run: run({ gates: [] }) }), "aws:s3:Bucket")).toEqual([]);
});

test("One-Roof has one mandatory policy for each gate, with its meaning, remedy and source", () => {
  const policies = gatePolicies(rollout);
  const names = new Set(rollout.tiers.flatMap(({ gates }) => gates.map(({ name }) => name)));
  expect(policies.map(({ name }) => name).sort()).toEqual([...names].sort());
  expect(new Set(policies.map(({ enforcementLevel }) => enforcementLevel))).toEqual(new Set(["mandatory"]));
  for (const { description } of policies)
    expect(description).toMatch(/^.+ If it stops: .+ \(canonical-rollout\.md, .+\)$/);
});
