import type { EnforcementLevel, ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { harmless, noteFailure, TIER_TYPE, type TierInputs } from "../provider";

/** A violation in words, or none. */
export type Judgement = (tier: TierInputs, args: ResourceValidationArgs) => readonly string[];

/** Of a tier that `--target` leaves out, and that is not there yet, the engine gives no inputs; nothing is done with it. */
export function isLeftOut({ type, props }: Pick<ResourceValidationArgs, "type" | "props">): boolean {
  return type === TIER_TYPE && (props as Partial<TierInputs>).tier === undefined;
}

/** A policy over every tier, mandatory unless it says otherwise. It is given known inputs only: an unknown one would make it advisory. */
export function tierPolicy(
  name: string,
  description: string,
  judge: Judgement,
  enforcementLevel: EnforcementLevel = "mandatory",
): ResourceValidationPolicy {
  return {
    name,
    description,
    enforcementLevel,
    validateResource: (args, report) => {
      if (args.type !== TIER_TYPE || isLeftOut(args)) return;
      const violations = judge(args.props as TierInputs, args);
      for (const violation of violations) report(harmless(violation));
      if (violations.length > 0 && enforcementLevel === "mandatory") noteFailure("refused");
    },
  };
}
