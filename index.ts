/**
 * The program: configuration → rehearsal → tiers in order → outputs.
 * `pulumi preview` shows what was measured, `pulumi up` applies it, `npm run destroy` rolls it back.
 */
// First of all: what follows is loaded by tsx, which caches, instead of the SDK's compiler, which does not.
import "tsx/cjs";
// By their parts: the package as a whole also loads the automation API and a package manager.
import { RunError } from "@pulumi/pulumi/errors";
import * as log from "@pulumi/pulumi/log";
import { isDryRun } from "@pulumi/pulumi/runtime/settings";
import { readConfiguration } from "./provider/config";
import { messageOf } from "./provider/errors";
import { compareTiers, exitReadings, summarizeReport } from "./provider/lines";
import { planRun } from "./provider/plan";
import { registerTiers } from "./provider/register";
import { loadRelease } from "./provider/release";
import { identifyRelease } from "./provider/manifest";
import { runOptions } from "./provider/settings";
import { stackConfiguration } from "./provider/stack";
import { startProvider } from "./provider/warmup";
import { rollout } from "./tiers";

const root = __dirname;

/** Said where nothing tells that the stop gates are judged; the provider refuses all the same. */
const NO_PACK =
  "PULUMI_OPTION_POLICY_PACK is not set. Unless --policy-pack or the backend names the pack in ./policy, its gates are " +
  "not judged; a run that did not pass its rehearsal is still refused.";

/** Runs the whole program. Every refusal reaches the operator as one message without a stack. */
async function main(): Promise<Record<string, unknown>> {
  startProvider();
  const values = stackConfiguration();
  const configuration = readConfiguration(rollout, values);
  const options = runOptions((key) => values[key]);
  const [release, identity] = await Promise.all([
    loadRelease(root, rollout, configuration.parameters),
    identifyRelease(root, configuration.release),
  ]);
  if (!process.env.PULUMI_OPTION_POLICY_PACK) await log.warn(NO_PACK);
  const destroying = process.env.ROLLOUT_COMMAND === "destroy";
  const wish = { ...configuration, throughTier: destroying ? -1 : configuration.throughTier };
  const plan = await planRun(release, identity, wish, options, (line) => void log.info(line));
  if (destroying) return {};
  const applied = plan.tiers.filter(({ scripts }) => plan.run.applies.includes(scripts.declaration.tier));
  if (applied.length && isDryRun()) {
    await log.info(compareTiers(applied.map(({ scripts, report }) => ({ declaration: scripts.declaration, report }))));
  }
  const tiers = registerTiers("tiers", plan, configuration);
  const last = rollout.tiers.at(-1);
  const closing = plan.tiers.at(-1)?.scripts.declaration === last ? tiers.at(-1) : undefined;
  return {
    ...(closing && { endState: closing.report.apply(exitReadings) }),
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
function refusal(error: unknown): RunError {
  const said = new RunError(messageOf(error));
  said.stack = "";
  return said;
}

const program = main().catch((error: unknown) => {
  throw refusal(error);
});
// Pulumi attaches itself later; until then Node would call the rejection unhandled.
program.catch(() => undefined);

export = program;
