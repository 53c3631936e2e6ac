import { warn } from "@pulumi/pulumi/log";
import type { Configuration } from "./config";
import { verdictFor } from "./inputs";
import type { Plan } from "./plan";
import { Tier } from "./tier";

/**
 * Registers the planned tiers as resources, chained: each depends on the one before and takes its id. Drift is told on
 * the tier that it is about. `module` exports the rollout, from the project's root.
 */
export function registerTiers(module: string, plan: Plan, { parameters, adopt, movedFrom }: Configuration): Tier[] {
  const tiers: Tier[] = [];
  for (const { scripts, status, report, drift, edited } of plan.tiers) {
    const { tier, name, title } = scripts.declaration;
    const first = tiers[0];
    const previous = tiers.at(-1);
    const args = {
      ...{ module, tier, title, digest: scripts.digest, status, report, parameters, target: plan.target },
      run: first ? verdictFor(tier, plan.run) : plan.run,
      ...(adopt && { adopt }),
      ...(movedFrom && { movedFrom }),
      ...(edited && { edited }),
      ...(first && previous && { previous: previous.id, rolloutId: first.rolloutId }),
    };
    const resource = new Tier(`tier-${String(tier)}-${name}`, args, previous ? { dependsOn: previous } : {});
    for (const text of drift) void warn(`tier ${String(tier)} has drifted: ${text}`, resource);
    tiers.push(resource);
  }
  return tiers;
}
