import type { Configuration } from "../model/configuration";
import { harmless, harmlessData } from "../model/harmless";
import { type TierInputs, verdictFor } from "../model/tier-inputs";
import type { Plan } from "./plan";

/**
 * The inputs of every planned tier, as its resource takes them, but for the rollout id and the id of the tier before:
 * those the tiers hand over to each other. `module` exports the rollout, from the project's root.
 */
export function tierInputs(
  { tiers, run, target }: Plan,
  { parameters, request: { adopt, movedFrom } }: Configuration,
  module: string,
): TierInputs[] {
  return tiers.map(({ scripts, status, report, edited, before }, index) => {
    const { tier, title } = scripts.declaration;
    return {
      module,
      tier,
      title,
      digest: scripts.digest,
      parameters,
      target,
      status,
      report: harmlessData(report),
      run: harmlessData(index ? verdictFor(tier, run) : run),
      ...(adopt && { adopt }),
      ...(movedFrom && { movedFrom }),
      ...(edited && { edited: harmless(edited), ...(before !== undefined && { before }) }),
    };
  });
}
