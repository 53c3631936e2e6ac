import type { PolicyResource } from "@pulumi/policy";
import { type StopKind, stopsOf } from "../../provider/model/findings";
import { type RunVerdict, TIER_TYPE, type TierInputs } from "../../provider/model/tier-inputs";
import { gatePolicies } from "../../policy/gates";
import { runPolicies } from "../../policy/run";
import { inputs, ROLLOUT, run, violations } from "./fixtures";

const environment = { ...process.env };

beforeEach(() => {
  delete process.env.PULUMI_NODEJS_DRY_RUN;
  process.env.PULUMI_NODEJS_STACK = "dev";
});

afterAll(() => {
  process.env = environment;
});

const judge = (props: TierInputs, opts: object = { deleteBeforeReplace: true }) =>
  violations(runPolicies(ROLLOUT), { type: TIER_TYPE, props, opts: opts as PolicyResource["opts"] });

const onRun = (more: Partial<RunVerdict>) => judge(inputs({ run: run(more) }));

test("a run that passed, with every way back rehearsed, passes", async () => {
  expect(await onRun({})).toEqual([]);
});

test.each<[StopKind, string]>([
  ["delta", "delta_contract"],
  ["invariant", "invariants"],
  ["failure", "tier_sql"],
  ["rollback", "rollback_rehearsed"],
])("a stop of kind %s is a violation of %s", async (kind, policy) => {
  const stops = stopsOf(kind, 1, [{ is: "failure", message: "did what it must not" }]);
  expect(await onRun({ verdict: "STOP", stops })).toContainEqual(
    expect.stringMatching(new RegExp(`^${policy}: .*tier 1:? did what it must not\\.$`)),
  );
});

test("a tier that --target leaves out crashes no rule: the order of tiers tells it", async () => {
  const policies = [...runPolicies(ROLLOUT), ...gatePolicies(ROLLOUT)];
  expect(await violations(policies, { type: TIER_TYPE, props: {} })).toEqual([]);
});

test("every stop is told, each by its own policy", async () => {
  const kinds: StopKind[] = ["delta", "delta", "invariant", "failure", "rollback"];
  const reasons = kinds.map((_, index) => `reason ${index}`);
  const stops = kinds.flatMap((kind, index) => stopsOf(kind, 1, [{ is: "failure", message: reasons[index] }]));
  const told = await onRun({ verdict: "STOP", stops });
  for (const reason of reasons) expect(told.filter((each) => each.includes(reason))).toHaveLength(1);
});

test("a stopped run counts what others say, and not each tier that was not rehearsed", async () => {
  const stops = [
    ...stopsOf("access", 1, [{ is: "failure", message: "no approval" }]),
    ...[1, 3].flatMap((tier) => stopsOf("rehearsal", tier, [{ is: "not rehearsed" }])),
  ];
  expect(await onRun({ verdict: "STOP", stops })).toContain(
    "run_verdict: Stopped: see the other violations (1 in all).",
  );
});

test("a run that stopped never passes, whatever it says of its reasons", async () => {
  expect(await onRun({ verdict: "STOP", stops: [] })).not.toEqual([]);
  const unheard = stopsOf("unheard of" as StopKind, 1, [{ is: "not reached" }]);
  expect(await onRun({ verdict: "STOP", stops: unheard })).not.toEqual([]);
});

describe("the way back", () => {
  test.each<[string, number[], string[]]>([
    ["of no tier", [], ["1", "3"]],
    ["of one only", [1], ["3"]],
  ])("%s was rehearsed", async (_, reversible, missing) => {
    expect(await onRun({ reversible })).toEqual(
      missing.map((tier) => expect.stringMatching(`^rollback_rehearsed: .*rollback of tier ${tier} was not rehearsed`)),
    );
  });

  test("is asked only of tiers that write and that this run applies", async () => {
    expect(await onRun({ applies: [0], reversible: [] })).toEqual([]);
    expect(await onRun({ applies: [], removes: [3, 1], reversible: [] })).toEqual([]);
  });
});

describe("a run that was not rehearsed", () => {
  const stops = stopsOf("rehearsal", 1, [{ is: "not rehearsed" }]);
  const unrehearsed = { verdict: "NOT REHEARSED" as const, stops };
  const refusal = expect.stringMatching(/^rehearsed: .*was not rehearsed \(tiers [^]*acceptUnrehearsed f00d$/);

  test("is refused in an update, and where nobody says which it is", async () => {
    expect(await onRun(unrehearsed)).toContainEqual(refusal);
    process.env.PULUMI_NODEJS_DRY_RUN = "false";
    expect(await onRun(unrehearsed)).toContainEqual(refusal);
  });

  test("may be previewed, marked as what it is", async () => {
    const mark = expect.stringMatching(/^not_rehearsed: NOT REHEARSED: tiers .*Only readings were taken\.$/);
    expect(await onRun(unrehearsed)).not.toContainEqual(mark);
    process.env.PULUMI_NODEJS_DRY_RUN = "true";
    expect(await onRun(unrehearsed)).not.toContainEqual(refusal);
    expect(await onRun(unrehearsed)).toContainEqual(mark);
    expect(await onRun({ verdict: "PASS" })).not.toContainEqual(mark);
  });

  test("is accepted for exactly this release", async () => {
    expect(await onRun({ ...unrehearsed, acceptedUnrehearsed: "f00d" })).not.toContainEqual(refusal);
    expect(await onRun({ ...unrehearsed, acceptedUnrehearsed: "beef" })).toContainEqual(refusal);
    expect(await onRun({ ...unrehearsed, release: "", acceptedUnrehearsed: "" })).toContainEqual(
      expect.stringMatching(/^rehearsed: /),
    );
  });

  test("is refused also under a verdict that is none", async () => {
    expect(await onRun({ verdict: undefined })).toContainEqual(expect.stringMatching(/^rehearsed: /));
  });
});

describe("the release", () => {
  test("may be pinned to what is here, or to nothing", async () => {
    expect(await onRun({ pinned: "f00d" })).toEqual([]);
    expect(await onRun({ pinned: "" })).toEqual([]);
  });

  test("that is another than the pinned one is refused with the files that differ", async () => {
    expect(await onRun({ pinned: "beef", differing: ["sql/a.sql (changed)", "tiers/b.ts (added)"] })).toEqual([
      expect.stringMatching(
        /^release_pinned: The ratified release is beef, the files here are f00d\. .*sql\/a\.sql \(changed\), tiers\/b\.ts \(added\)\./,
      ),
    ]);
    expect(await onRun({ pinned: "beef", verdict: "STOP" })).toContainEqual(expect.stringMatching(/^release_pinned: /));
  });
});

test("a tier that could be replaced is refused, whichever it is", async () => {
  for (const tier of [0, 1, 3]) {
    expect(await judge(inputs({ tier }), {})).toEqual([expect.stringMatching(/^no_replacement: /)]);
    expect(await judge(inputs({ tier }), { deleteBeforeReplace: false })).toHaveLength(1);
  }
});

test("the run is judged on its first tier only", async () => {
  expect(
    await judge(inputs({ tier: 1, run: run({ verdict: "NOT REHEARSED", pinned: "beef", reversible: [] }) })),
  ).toEqual([]);
});

test("every policy is mandatory, but for the one that only marks a preview", () => {
  const advisory = runPolicies(ROLLOUT).filter(({ enforcementLevel }) => enforcementLevel !== "mandatory");
  expect(advisory.map(({ name }) => name)).toEqual(["not_rehearsed"]);
});
