import type { GateReadings } from "../../provider/model/gates";
import type { GatePosition, Reading } from "../../provider/model/rollout";
import { type RunVerdict, TIER_TYPE, type TierInputs } from "../../provider/model/tier-inputs";
import { folded } from "../../policy/fold";
import { gatePolicies } from "../../policy/gates";
import { rollout } from "../../tiers";
import { inputs, PASSED, report, ROLLOUT, run, violations } from "./fixtures";

const judge = (props: TierInputs, type = TIER_TYPE) => violations(gatePolicies(ROLLOUT), { type, props });

type Gates = RunVerdict["gates"];

const onFirst = (gates: Gates, more: Partial<RunVerdict> = {}) => judge(inputs({ run: run({ gates, ...more }) }));

type Gate = [tier: string, at: GatePosition, name: string];
const GATES = Object.entries(PASSED).flatMap(([tier, readings]) =>
  (["entry", "exit"] as const).flatMap((at) => Object.keys(readings[at] ?? {}).map((name): Gate => [tier, at, name])),
);

/** The same run with another reading at one gate; undefined takes it away, as Pulumi does with a null. */
const but = ([tier, at, name]: Gate, measured: Reading | undefined): Gates => {
  const all = Object.entries({ ...PASSED[tier][at], [name]: measured });
  const readings = Object.fromEntries(all.filter((each): each is [string, Reading] => each[1] !== undefined));
  return { ...PASSED, [tier]: { ...PASSED[tier], [at]: readings } };
};

test("a run in which every gate held passes", async () => {
  expect(await onFirst(PASSED)).toEqual([]);
});

test.each<[gate: Gate, measured: Reading, violation: string]>([
  [["0", "entry", "base"], "copy", "base: tier 0 entry gate base: expected = main, measured copy."],
  [["0", "entry", "doors"], 1, "doors: tier 0 entry gate doors: expected = 0, measured 1."],
  [["1", "entry", "doors"], 1, "doors: tier 1 entry gate doors: expected in 0,2, measured 1."],
  [["1", "exit", "doors"], 3, "doors: tier 1 exit gate doors: expected = 2, measured 3."],
  [["3", "exit", "windows"], 0, "windows: tier 3 exit gate windows: expected >= 1, measured 0."],
  [["3", "exit", "windows"], null, "windows: tier 3 exit gate windows: expected >= 1, measured not measured."],
])("%j, measured %j, is a violation of its own policy only", async (gate, measured, violation) => {
  const told = [`${violation} Mend ${gate[2]}.`];
  expect(await onFirst(but(gate, measured))).toEqual(told);
  expect(await onFirst(but(gate, measured), { verdict: "STOP" })).toEqual(told);
  expect(await onFirst(but(gate, measured), { verdict: "NOT REHEARSED" })).toEqual(told);
});

test.each(GATES)("a run that came to tier %s %s %s, and did not measure it, is stopped", async (...gate) => {
  const violation = expect.stringMatching(/gate .* measured not measured/);
  for (const verdict of ["PASS", "STOP"] as const) {
    expect(await onFirst(but(gate, undefined), { verdict })).toEqual([violation]);
  }
});

test("a run that measured nothing and calls itself passed fails at every gate", async () => {
  expect(await onFirst({})).toHaveLength(GATES.length);
});

test("what a stop kept from being measured is excused, because another policy stops the run", async () => {
  const reached = { 0: PASSED[0], 1: { entry: PASSED[1].entry } };
  expect(await onFirst(reached, { verdict: "STOP" })).toEqual([]);
});

test("the pack judges by its own declaration and the parameters of the inputs, whatever the run expected", async () => {
  const props = inputs({ parameters: { base: "copy" }, run: run() });
  expect(await judge(props)).toEqual([expect.stringMatching(/^base: .*expected = copy, measured main/)]);
});

test("tiers that are applied already are not judged by the gates of their entry", async () => {
  expect(await onFirst(but(["0", "entry", "doors"], 2), { applies: [3] })).toEqual([]);
  expect(await onFirst({}, { applies: [], removes: [3, 1] })).toEqual([]);
});

test("a later tier answers for its own gates", async () => {
  const later = (gates: GateReadings, applies = [1]) =>
    judge(inputs({ tier: 1, report: report({ gates }), run: run({ applies, gates: {} }) }));
  expect(await later(PASSED[1])).toEqual([]);
  expect(await later({ ...PASSED[1], exit: { doors: 1 } })).toHaveLength(1);
  expect(await later({})).toHaveLength(2);
  expect(await later({}, [])).toEqual([]);
});

test("resources that are no tiers are none of its business", async () => {
  expect(await judge(inputs({ run: run({ gates: {} }) }), "aws:s3:Bucket")).toEqual([]);
});

test("One-Roof has one mandatory policy for each gate, with its meaning and source", () => {
  const policies = gatePolicies(rollout);
  const names = new Set(rollout.tiers.flatMap(({ gates }) => gates.map(({ name }) => name)));
  expect(policies.map(({ name }) => name).sort()).toEqual([...names].sort());
  expect(new Set(policies.map(({ enforcementLevel }) => enforcementLevel))).toEqual(new Set(["mandatory"]));
  for (const { description } of policies) expect(description).toMatch(/^.+ \(S\d.*\)$/);
});

test("a refusal by any gate of One-Roof has three lines below its name, in a terminal of 100 columns", async () => {
  const applies = rollout.tiers.map(({ tier }) => tier);
  const props = inputs({ run: run({ applies, gates: {} }) });
  const told: string[][] = [];
  for (const each of gatePolicies(rollout).map(folded)) {
    for (const text of await violations([each], { type: TIER_TYPE, props })) {
      told.push([...each.description.split("\n"), ...text.replace(/^\w+: /, "").split("\n")]);
    }
  }
  expect(told.length).toBeGreaterThan(50);
  expect(told.filter((lines) => lines.length > 3 || lines.some((line) => line.length > 90))).toEqual([]);
});

test("Pulumi's line above those has room for a name of 21 letters: type and name of a tier are in every state, a gate's name is the domain's", () => {
  const lineOf = (name: string) => `        - [mandatory]  ${name}  (${TIER_TYPE}: tier-0-preflight)`;
  expect(lineOf("x".repeat(21))).toHaveLength(100);
  const wider = gatePolicies(rollout).filter(({ name }) => lineOf(name).length > 100);
  expect(wider.map(({ name }) => name).sort()).toEqual([
    "containment_unregistered_groups",
    "containment_without_group",
    "group_owners_ambiguous",
    "idle_in_the_way_over_5s",
    "mapped_labels_inactive",
    "responsibility_axis_gap",
    "responsibility_gap_drift",
    "responsibility_required",
  ]);
});

test("each gate of One-Roof stops a run that did not measure it, by its own policy", async () => {
  const applies = rollout.tiers.map(({ tier }) => tier);
  const found = await violations(gatePolicies(rollout), {
    type: TIER_TYPE,
    props: inputs({ run: run({ applies, gates: {} }) }),
  });
  const told = found.map((each) => /^(\w+): tier (\d) (\w+) gate \1:/.exec(each)?.slice(1).join(" "));
  const declared = rollout.tiers.flatMap(({ tier, gates }) => gates.map(({ name, at }) => `${name} ${tier} ${at}`));
  expect(told.sort()).toEqual(declared.sort());
});
