/**
 * The program: configuration → rehearsal → tiers in order → outputs.
 * `pulumi preview` shows what was measured, `pulumi up` applies it, `npm run destroy` rolls it back.
 */
// First of all: what follows is loaded by tsx, which caches, instead of the SDK's compiler, which does not.
import "tsx/cjs";
import * as pulumi from "@pulumi/pulumi";
import { readConfiguration } from "./provider/config";
import { messageOf } from "./provider/errors";
import { verdictFor } from "./provider/inputs";
import { compareTiers, summarizeReport } from "./provider/lines";
import { type Plan, planRun } from "./provider/plan";
import { loadRelease } from "./provider/release";
import { identifyRelease } from "./provider/manifest";
import { runOptions } from "./provider/settings";
import { stackConfiguration } from "./provider/stack";
import { Tier } from "./provider/tier";
import { rollout } from "./tiers";

const root = __dirname;

/** The tiers as resources, chained: each depends on the one before and takes its id. */
function registerTiers(plan: Plan, configuration: ReturnType<typeof readConfiguration>): Tier[] {
  const tiers: Tier[] = [];
  for (const { scripts, status, report, drift, edited } of plan.tiers) {
    const { tier, name, title } = scripts.declaration;
    const first = tiers[0];
    const previous = tiers.at(-1);
    const args = {
      ...{ module: "tiers", tier, title, digest: scripts.digest, status, report, target: plan.target },
      ...{ parameters: configuration.parameters, run: first ? verdictFor(tier, plan.run) : plan.run },
      ...(configuration.adopt && { adopt: configuration.adopt }),
      ...(configuration.movedFrom && { movedFrom: configuration.movedFrom }),
      ...(edited && { edited }),
      ...(first && previous && { previous: previous.id, rolloutId: first.rolloutId }),
    };
    const resource = new Tier(`tier-${String(tier)}-${name}`, args, previous ? { dependsOn: previous } : {});
    for (const text of drift) void pulumi.log.warn(`tier ${String(tier)} has drifted: ${text}`, resource);
    tiers.push(resource);
  }
  return tiers;
}

/** Runs the whole program. Every refusal reaches the operator as one message without a stack. */
async function main(): Promise<Record<string, unknown>> {
  const values = stackConfiguration();
  const configuration = readConfiguration(rollout, values);
  const options = runOptions((key) => values[key]);
  const [release, identity] = await Promise.all([
    loadRelease(root, rollout, configuration.parameters),
    identifyRelease(root, configuration.release),
  ]);
  const destroying = process.env.ROLLOUT_COMMAND === "destroy";
  const wish = { ...configuration, throughTier: destroying ? -1 : configuration.throughTier };
  const plan = await planRun(release, identity, wish, options, (line) => void pulumi.log.info(line));
  if (destroying) return {};
  const applied = plan.tiers.filter(({ scripts }) => plan.run.applies.includes(scripts.declaration.tier));
  if (applied.length && pulumi.runtime.isDryRun()) {
    await pulumi.log.info(
      compareTiers(applied.map(({ scripts, report }) => ({ declaration: scripts.declaration, report }))),
    );
  }
  const tiers = registerTiers(plan, configuration);
  return {
    target: `${plan.target.database} on cluster ${plan.target.system}`,
    tiers: Object.fromEntries(
      tiers.map(({ report }, index) => [
        `tier ${String(plan.tiers[index]?.scripts.declaration.tier)} ${plan.tiers[index]?.report.title ?? ""}`,
        report.apply(summarizeReport),
      ]),
    ),
  };
}

/** What Pulumi prints as one message; with a stack it would be inspected for many seconds and not shown. */
function refusal(error: unknown): pulumi.RunError {
  const said = new pulumi.RunError(messageOf(error));
  said.stack = "";
  return said;
}

const program = main().catch((error: unknown) => {
  throw refusal(error);
});
// Pulumi attaches itself later; until then Node would call the rejection unhandled.
program.catch(() => undefined);

export = program;
