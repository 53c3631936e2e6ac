/** What a Pulumi program calls: its stack's configuration, and the planned tiers as resources. */
import { warn } from "@pulumi/pulumi/log";
import { getProject } from "@pulumi/pulumi/metadata";
import { allConfig } from "@pulumi/pulumi/runtime/config";
import { invoke } from "@pulumi/pulumi/runtime/invoke";
import type { Configuration, ConfigurationValues } from "../model/configuration";
import type { Plan } from "../plan/plan";
import { tierInputs } from "../plan/tier-inputs";
import { Tier } from "./tier";

/** All configuration values of the running stack in the project's own namespace, as texts by key. */
export function stackConfiguration(): ConfigurationValues {
  const prefix = `${getProject()}:`;
  return Object.fromEntries(
    Object.entries(allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/**
 * Registers the planned tiers as resources, chained: each depends on the one before and takes its id. Drift is told on
 * the tier that it is about. `module` exports the rollout, from the project's root.
 */
export function registerTiers(plan: Plan, configuration: Configuration, module: string): Tier[] {
  const tiers: Tier[] = [];
  for (const [index, inputs] of tierInputs(plan, configuration, module).entries()) {
    const previous = tiers.at(-1);
    const chained = previous && { previous: previous.id, rolloutId: tiers[0]?.rolloutId };
    const planned = plan.tiers[index];
    const name = `tier-${inputs.tier}-${planned?.scripts.declaration.name ?? ""}`;
    const tier = new Tier(name, { ...inputs, ...chained }, previous ? { dependsOn: previous } : {});
    for (const text of planned?.drift ?? []) void warn(`tier ${inputs.tier} has drifted: ${text}`, tier);
    tiers.push(tier);
  }
  return tiers;
}

/**
 * Has the engine start the process of the dynamic provider now, while the rehearsal waits for the database, and not
 * when the first tier is registered. The function that it asks for does not exist, and that is the answer; nothing
 * depends on it.
 */
export function startProvider(): void {
  void invoke("pulumi-nodejs:dynamic/rollout:warmup", {}).catch(() => undefined);
}
