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
import {
  compareTiers,
  exitReadings,
  messageOf,
  planRun,
  readConfiguration,
  registerTiers,
  stackConfiguration,
  startProvider,
  summarizeReport,
} from "./provider";
import { rollout } from "./tiers";

/** Said where nothing tells that the stop gates are judged; the provider refuses all the same. */
const NO_PACK =
  "PULUMI_OPTION_POLICY_PACK is not set. Unless --policy-pack or the backend names the pack in ./policy, its gates are " +
  "not judged; a run that did not pass its rehearsal is still refused.";

/** Runs the whole program. Every refusal reaches the operator as one message without a stack. */
async function main(): Promise<Record<string, unknown>> {
  startProvider();
  const configuration = readConfiguration(rollout, stackConfiguration());
  if (!process.env.PULUMI_OPTION_POLICY_PACK) await log.warn(NO_PACK);
  const destroying = process.env.ROLLOUT_COMMAND === "destroy";
  const request = { ...configuration.request, ...(destroying && { throughTier: -1 }) };
  const project = { root: __dirname, rollout };
  const plan = await planRun(project, { ...configuration, request }, (line) => void log.info(line));
  if (destroying) return {};
  const applied = plan.tiers.filter(({ report }) => plan.run.applies.includes(report.tier));
  if (applied.length && isDryRun()) await log.info(compareTiers(applied));
  const tiers = registerTiers(plan, configuration, "tiers");
  const closing = plan.tiers.length === rollout.tiers.length ? tiers.at(-1) : undefined;
  return {
    ...(closing && { endState: closing.report.apply(exitReadings) }),
    target: `${plan.target.database} on cluster ${plan.target.system}`,
    tiers: Object.fromEntries(
      plan.tiers.map(({ report: { tier, title } }, index) => [
        `tier ${tier} ${title}`,
        tiers[index]?.report.apply(summarizeReport),
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
