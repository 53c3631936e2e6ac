import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import type { TierInputs } from "../provider/inputs";
import { isFirstTier, type Rollout } from "../provider/rollout";

/** Type of a tier's resource: provider/tier.ts gives the module and the name. */
export const TIER_TYPE = "pulumi-nodejs:dynamic/rollout:Tier";

/** A violation in words, or none. */
export type Judgement = (tier: TierInputs, args: ResourceValidationArgs) => readonly string[];

/** A mandatory policy over every tier. It is given known inputs only: an unknown one would make it advisory. */
export function tierPolicy(name: string, description: string, judge: Judgement): ResourceValidationPolicy {
  return {
    name,
    description,
    enforcementLevel: "mandatory",
    validateResource: (args, report) => {
      if (args.type !== TIER_TYPE) return;
      for (const violation of judge(args.props as TierInputs, args)) report(violation);
    },
  };
}

/** True for the tier that is registered before all others, on which the run as a whole is judged. */
export function isFirst(rollout: Rollout, { tier }: TierInputs): boolean {
  return isFirstTier(rollout, tier);
}
