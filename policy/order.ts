import type { StackValidationPolicy } from "@pulumi/policy";
import { harmless, noteFailure, PULUMI, type Rollout, TIER_TYPE, type TierInputs, UP } from "../provider";
import { isLeftOut } from "./tier";

/** The stack holds the tiers from the first on, without a gap, each depending on the one before. */
export function tierOrder(rollout: Rollout): StackValidationPolicy {
  return {
    name: "tier_order",
    description: "The tiers are complete, unbroken and chained: none starts before the last one has ended.",
    enforcementLevel: "mandatory",
    validateStack: ({ resources }, report) => {
      const leftOut = resources.filter(isLeftOut);
      if (leftOut.length) {
        noteFailure("refused");
        report(
          `${leftOut.length} of the tiers are left out (--target, --exclude), and a part of a run cannot be judged. ` +
            `To go only so far: ${PULUMI} config set throughTier TIER; ${UP}`,
        );
        return;
      }
      const tiers = resources.filter(({ type }) => type === TIER_TYPE);
      const byTier = new Map(tiers.map((resource) => [(resource.props as TierInputs).tier, resource]));
      const expected = rollout.tiers.slice(0, tiers.length).map(({ tier }) => tier);
      for (const [index, tier] of expected.entries()) {
        const resource = byTier.get(tier);
        if (!resource) {
          const found = harmless([...byTier.keys()].join(", "));
          report(`Tier ${tier} is missing: expected the tiers ${expected.join(", ")}, found ${found}.`);
          continue;
        }
        const before = byTier.get(expected[index - 1] ?? -1);
        if (before && !resource.dependencies.some(({ urn }) => urn === before.urn)) {
          report(`Tier ${tier} does not depend on tier ${expected[index - 1] ?? "?"}.`, resource.urn);
        }
      }
    },
  };
}
