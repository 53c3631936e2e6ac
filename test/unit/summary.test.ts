import type { ToldTier } from "../../provider";
import { summarize } from "../../cli/pulumi/summary";

const told = (is: "rehearsed" | "applied", tier: number, line = `Tier ${tier}: as declared`): ToldTier => ({
  is,
  tier,
  line,
});

test("what came as it was shown is one line, and anything else is told whole", () => {
  const previewed = [told("rehearsed", 1), told("rehearsed", 6, "Tier 6: +38 rows"), told("rehearsed", 8)];
  expect(
    summarize(previewed, [told("applied", 1), told("applied", 6, "Tier 6: +37 rows"), told("applied", 8)]),
  ).toEqual(["Not as in the preview: Tier 6: +37 rows", "Applied, each as in the preview: tiers 1, 8"]);
});

test("tiers that went back are told in their order, with each file of proofs once", () => {
  const back = (tier: number): ToldTier => ({ is: "rolled back", tier, evidence: "/evidence/a.json" });
  expect(summarize([], [back(6), back(5)])).toEqual([
    "Rolled back and proven: tiers 6, 5",
    "Evidence: /evidence/a.json",
  ]);
});

test("of a run in which nothing came to its end nothing is said", () => {
  expect(summarize([told("rehearsed", 1)], [])).toEqual([]);
});
