import { PULUMI } from "../model/command";
import { RolloutError } from "../model/errors";
import type { TierInputs } from "../model/tier-inputs";
import { isRegistered } from "./this-run";

/**
 * Refuses the deletion of a tier that the program has registered in this very run. It can only be the first half of a
 * replacement (`--replace`, `state taint`), which the engine does not carry on to the tiers after it: they would be
 * rolled back with it, and stay in the state.
 */
export function refuseReplacement({ tier, title }: Pick<TierInputs, "tier" | "title">): void {
  if (!isRegistered(tier)) return;
  throw new RolloutError(
    `Tier ${tier} (${title}) is not replaced: what is built on it would be rolled back with it. Nothing was ` +
      `changed. To apply it anew, roll back to the tier before it (${PULUMI} config set throughTier) and up, then up again ` +
      `with the former throughTier. After ${PULUMI} state taint: ${PULUMI} state untaint.`,
  );
}
