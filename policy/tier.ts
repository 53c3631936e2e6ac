import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { harmless, TIER_TYPE, type TierInputs } from "../provider";

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
      for (const violation of judge(args.props as TierInputs, args)) report(harmless(violation));
    },
  };
}
