import { requireKnownTiers, requireUnbroken } from "../../provider/model/guards";
import { inOrder, isAfter, type Rollout, tierBefore } from "../../provider/model/rollout";
import { readConfiguration } from "../../provider/model/configuration";
import { ROLLOUT, tier } from "./fixtures";

const writing = (number: number) => tier(number, [], { rollback: `sql/back-${number}.sql` });
const listed = (...tiers: Rollout["tiers"]): Rollout => ({ ...ROLLOUT, tiers });
const order = (rollout: Rollout) => inOrder(rollout).tiers.map((each) => each.tier);

/** Tiers 0 to 8 as a first release has them, and one that a second release has brought, with a number of its own. */
const second = (number: number) => listed(tier(0), writing(1), writing(6), writing(number), tier(8));

test.each<[what: string, rollout: Rollout, expected: number[]]>([
  ["a closing verification stays last", second(9), [0, 1, 6, 9, 8]],
  [
    "what was appended behind it runs before it",
    listed(tier(0), writing(1), tier(8), writing(9), writing(7)),
    [0, 1, 9, 7, 8],
  ],
  ["a first tier that only reads stays first", listed(tier(5), writing(1)), [5, 1]],
  ["a first tier that writes stays first", listed(writing(5), tier(1), writing(2)), [5, 2, 1]],
])("%s", (_, rollout, expected) => {
  expect(order(rollout)).toEqual(expected);
});

test("one number for two tiers is refused", () => {
  expect(() => inOrder(listed(tier(0), writing(1), writing(1)))).toThrow("lists two tiers of number 1");
});

test("a place is told by the order, not by the number", () => {
  const rollout = second(9);
  expect(isAfter(rollout, 9, 6)).toBe(true);
  expect(isAfter(rollout, 8, 9)).toBe(true);
  expect(isAfter(rollout, 9, 8)).toBe(false);
  expect(isAfter(rollout, 9, 9)).toBe(false);
  expect([0, 1, 6, 9, 8].every((each) => isAfter(rollout, each, -1))).toBe(true);
  expect([8, 9, 6, 0].map((each) => tierBefore(rollout, each))).toEqual([9, 6, 1, undefined]);
});

test("a tier that the rollout does not have runs after all", () => {
  expect(isAfter(second(9), 30, 8)).toBe(true);
});

test("where nothing is said, everything is rolled out, and the verification is what it ends with", () => {
  const read = (values: Record<string, string>) => readConfiguration(second(9), { code: "X", ...values });
  expect(read({}).request.throughTier).toBe(8);
  expect(read({ throughTier: "9" }).request.throughTier).toBe(9);
  expect(() => read({ throughTier: "7" })).toThrow("expected one of the tiers 0, 1, 6, 9, 8");
});

describe("a ledger", () => {
  const ledger = (...tiers: number[]) => new Map(tiers.map((each) => [each, { tier: each, rolloutId: "r1" }] as const));

  test("that ends where a second release goes on is whole, whatever the number of what comes", () => {
    for (const number of [9, 7, 2]) {
      expect(() => requireUnbroken(second(number), ledger(1, 6), number)).not.toThrow();
      expect(() => requireUnbroken(second(number), ledger(1), number)).toThrow("tier 6 must be applied first");
    }
  });

  test("to which a release brings a tier in between is refused, and told where the tier belongs", () => {
    const between = listed(tier(0), writing(1), writing(9), writing(6), tier(8));
    expect(() => requireUnbroken(between, ledger(1, 6))).toThrow(
      /tier 9 is missing, but 6 are applied.*throughTier 1; .*up\).*after those that are applied \(docs\/second-release\.md\)/,
    );
  });

  test("that holds what only a later release has is not for the files of an earlier one", () => {
    const earlier = listed(tier(0), writing(1), writing(6), tier(8));
    expect(() => requireKnownTiers(earlier, ledger(1, 6).values())).not.toThrow();
    expect(() => requireKnownTiers(earlier, ledger(1, 6, 9).values())).toThrow(
      /The ledger holds tier 9.*which the files here do not have.*Check out that release/,
    );
  });
});
