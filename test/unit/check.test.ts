import { check } from "../../provider/resource/check";
import { diff } from "../../provider/resource/diff";
import type { TierInputs, TierState } from "../../provider/model/tier-inputs";
import { inputs } from "./fixtures";

/** What each refusal is about, told by what an operator reads. */
const about = ({ reason }: { reason: string }) =>
  reason.includes("this stack's state was made on")
    ? "target"
    : reason.includes("is applied from digest")
      ? "digest"
      : reason.includes("already carries rollout")
        ? "rollout"
        : reason;
const failures = (olds: Partial<TierInputs>, news: TierInputs) => check(olds, news).failures.map(about);
const APPLIED = { applied: true, rolloutId: "r1", digest: "d".repeat(64) };

test("inputs are handed on as they are", () => {
  const news = inputs();
  expect(check({}, news)).toEqual({ inputs: news, failures: [] });
});

describe("a state that was made elsewhere", () => {
  const elsewhere = (database: string, system: string) => inputs({ target: { database, system } });

  test("is refused, naming both", () => {
    const { failures: found } = check(elsewhere("main", "2"), inputs());
    expect(found).toHaveLength(1);
    expect(found[0].reason).toMatch(
      /"main" of cluster 2.*connected to "main" of cluster 1.*pulumi config set movedFrom 2/,
    );
    expect(failures(elsewhere("copy", "1"), inputs())).toEqual(["target"]);
  });

  test("is accepted after a move, but only from the cluster named and with its name", () => {
    expect(failures(elsewhere("main", "2"), inputs({ movedFrom: "2" }))).toEqual([]);
    expect(failures(elsewhere("main", "2"), inputs({ movedFrom: "3" }))).toEqual(["target"]);
    expect(failures(elsewhere("copy", "2"), inputs({ movedFrom: "2" }))).toEqual(["target"]);
  });
});

test("an edited tier is refused with both digests and what changed", () => {
  const { failures: found } = check(inputs(), inputs({ edited: "- old line\n+ new line", status: APPLIED }));
  expect(found.map(about)).toEqual(["digest"]);
  expect(found[0].reason).toMatch(/dddddddddddd.*aaaaaaaaaaaa[\s\S]*- old line\n\+ new line$/);
});

test("an edited tier is told the way on, and the way back from where it stands", () => {
  const reason = (more: Partial<TierInputs>) =>
    check(inputs(), inputs({ edited: "x", status: APPLIED, ...more })).failures[0].reason;
  expect(reason({ tier: 9, before: 6 })).toMatch(
    /append a tier that carries the change \(docs\/second-release\.md\).*roll back first \(pulumi config set throughTier 6; pulumi up\)/,
  );
  expect(reason({})).toMatch(/roll back first \(pulumi destroy\)/);
});

describe("a rollout that the state does not know", () => {
  test("is refused with the command that takes it over", () => {
    const { failures: found } = check({}, inputs({ status: APPLIED }));
    expect(found.map(about)).toEqual(["rollout"]);
    expect(found[0].reason).toContain("pulumi config set adopt r1");
  });

  test.each<[string, Partial<TierInputs>, Partial<TierInputs>]>([
    ["it is named", {}, { adopt: "r1" }],
    ["it is this run's own", {}, { rolloutId: "r1" }],
    ["the state knows the tier", inputs(), {}],
    ["the ledger does not hold it", {}, { status: { ...APPLIED, applied: false } }],
  ])("is accepted when %s", (_, olds, more) => {
    expect(failures(olds, inputs({ status: APPLIED, ...more }))).toEqual([]);
  });

  test("is not accepted under another name", () => {
    expect(failures({}, inputs({ status: APPLIED, adopt: "r2", rolloutId: "r3" }))).toEqual(["rollout"]);
  });
});

test("every reason to refuse inputs is said at once", () => {
  const olds = { target: { database: "other", system: "1" } };
  expect(failures(olds, inputs({ status: APPLIED, edited: "x" }))).toEqual(["target", "digest", "rollout"]);
});

describe("a tier has changed", () => {
  const state: TierState = { ...inputs({ status: APPLIED }), rolloutId: "r1" };
  const changed = (more: Partial<TierInputs>) => diff("id", state, inputs({ status: APPLIED, ...more })).changes;

  test("when the ledger does not hold it, it belongs to another rollout, or its database was moved", () => {
    expect(changed({ status: { ...APPLIED, applied: false } })).toBe(true);
    expect(changed({ rolloutId: "r2" })).toBe(true);
    expect(changed({ target: { ...state.target, system: "of another cluster" } })).toBe(true);
  });

  test("but not by what is a fact of the run", () => {
    expect(changed({})).toBe(false);
    expect(changed({ rolloutId: "r1" })).toBe(false);
    expect(changed({ title: "New", digest: "e".repeat(64), movedFrom: "9" })).toBe(false);
  });

  test("when it only reads and other tiers stand before it than when it was run", () => {
    const reads = { ...APPLIED, digest: "" };
    const last: TierState = { ...state, tier: 3, previous: "toy/main/tier-1" };
    const between = (status: TierInputs["status"], previous: string) =>
      diff("id", last, inputs({ tier: 3, status, previous })).changes;
    expect(between(reads, "toy/main/tier-2")).toBe(true);
    expect(between(reads, "toy/main/tier-1")).toBe(false);
    expect(between(APPLIED, "toy/main/tier-2")).toBe(false);
  });

  test("and is never replaced", () => {
    expect(Object.keys(diff("id", state, inputs({ rolloutId: "r2" })))).toEqual(["changes"]);
  });
});
