/** The whole Pulumi program of a rollout, and its planned tiers as resources. */
// By their parts: the package as a whole also loads the automation API and a package manager.
import { RunError } from "@pulumi/pulumi/errors";
import { info, warn } from "@pulumi/pulumi/log";
import { getProject, getStack } from "@pulumi/pulumi/metadata";
import { allConfig } from "@pulumi/pulumi/runtime/config";
import { invoke } from "@pulumi/pulumi/runtime/invoke";
import { isDryRun } from "@pulumi/pulumi/runtime/settings";
import { type Configuration, type ConfigurationValues, readConfiguration } from "../model/configuration";
import { wantsProfile } from "../model/command";
import { summarizeReport, tierLine } from "../model/describe";
import { describeTiers, shortDigest } from "../model/describe-ledger";
import { compareTiers, rehearsedLines } from "../model/describe-tiers";
import { messageOf } from "../model/errors";
import { accessDemanded, requirePinned } from "../model/guards";
import { diagnostic } from "../model/fold";
import { writes } from "../model/rollout";
import type { Plan } from "../plan/plan";
import { tierInputs } from "../plan/tier-inputs";
import { describeExposure, readConnection } from "../postgres/connection";
import type { Project } from "../release/release";
import { note, noted } from "./outcome";
import { Tier } from "./tier";

/** Where every project exports its rollout, from its root: hooks load it from there at call time. */
const ROLLOUT_MODULE = "tiers";

/** Said where nothing tells that the stop gates are judged; the provider refuses all the same. */
const NO_PACK =
  "PULUMI_OPTION_POLICY_PACK is not set. Unless --policy-pack or the backend names the pack in ./policy, its gates are " +
  "not judged; a run that did not pass its rehearsal is still refused.";

/**
 * The program: configuration → rehearsal → tiers in order → outputs. Every refusal reaches the operator as one message
 * without a stack. A project's index.ts hands the result to Pulumi:
 *
 *     export = runProgram({ root: __dirname, rollout });
 */
export function runProgram(project: Project): Promise<Record<string, unknown>> {
  const program = noted(() => rollOut(project)).catch((error: unknown) => {
    throw refusal(error);
  });
  // Pulumi attaches itself later; until then Node would call the rejection unhandled.
  program.catch(() => undefined);
  return program;
}

async function rollOut(project: Project): Promise<Record<string, unknown>> {
  startProvider();
  // What else this process asks of the environment is asked for the stack that runs, however it was selected.
  process.env.PULUMI_STACK = getStack();
  const configuration = readConfiguration(project.rollout, {
    ...(project.rollout.roles && { access: accessDemanded(getStack()) }),
    ...stackConfiguration(),
  });
  if (!process.env.PULUMI_OPTION_POLICY_PACK) await warn(NO_PACK);
  const exposure = describeExposure(readConnection());
  if (exposure) await warn(diagnostic(exposure, "warning"));
  const destroying = process.env.ROLLOUT_COMMAND === "destroy";
  // The way back asks for no ratification.
  if (!destroying) requirePinned(getStack(), configuration.request.release);
  const request = { ...configuration.request, ...(destroying && { throughTier: -1 }) };
  // Loaded while the provider starts: what a plan needs takes a while.
  const { planRun } = require("../plan/plan") as typeof import("../plan/plan");
  const plan = await planRun(project, { ...configuration, request }, (line) => void info(diagnostic(line, "info")));
  note({ is: "intent", ...plan.intent });
  if (destroying) return {};
  const applied = plan.tiers.filter(({ report }) => plan.run.applies.includes(report.tier));
  if (isDryRun()) await tellRehearsed(applied);
  return outputs(plan, registerTiers(plan, configuration));
}

async function tellRehearsed(applied: Plan["tiers"]): Promise<void> {
  const lines = rehearsedLines(applied, Boolean(process.env.PULUMI_OPTION_POLICY_PACK));
  for (const { report } of applied) note({ is: "rehearsed", tier: report.tier, line: tierLine(report) });
  if (lines) await info(diagnostic(lines, "info"));
  if (lines && wantsProfile()) await info(diagnostic(compareTiers(applied), "info"));
}

function outputs(plan: Plan, tiers: readonly Tier[]): Record<string, unknown> {
  return {
    ...releases(plan),
    target: `${plan.target.database} on cluster ${plan.target.system}`,
    tiers: Object.fromEntries(
      plan.tiers.map(({ report: { tier, title } }, index) => [
        `tier ${tier} ${title}`,
        tiers[index]?.report.apply((report) => summarizeReport(report)),
      ]),
    ),
  };
}

/** Which release brought which tiers, once more than one has: the files here tell of the last alone. */
function releases({ tiers, run }: Plan): Record<string, unknown> {
  const brought = new Map<string, number[]>();
  for (const { scripts, status } of tiers.filter((each) => writes(each.scripts.declaration))) {
    const brings = status.applied ? status.release : run.release;
    const release = brings === undefined ? "not recorded" : shortDigest(brings);
    brought.set(release, [...(brought.get(release) ?? []), scripts.declaration.tier]);
  }
  if (brought.size < 2) return {};
  return {
    releases: Object.fromEntries([...brought].map(([release, own]) => [release, describeTiers(own)])),
  };
}

/** What Pulumi prints as one message; with a stack it would be inspected for many seconds and not shown. */
function refusal(error: unknown): RunError {
  const said = new RunError(diagnostic(messageOf(error), "error"));
  said.stack = "";
  return said;
}

/** All configuration values of the running stack in the project's own namespace, as texts by key. */
function stackConfiguration(): ConfigurationValues {
  const prefix = `${getProject()}:`;
  return Object.fromEntries(
    Object.entries(allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/**
 * Registers the planned tiers as resources, chained: each depends on the one before and takes its id. Drift is told on
 * the tier that it is about.
 */
function registerTiers(plan: Plan, configuration: Configuration): Tier[] {
  const tiers: Tier[] = [];
  for (const [index, inputs] of tierInputs(plan, configuration, ROLLOUT_MODULE).entries()) {
    const previous = tiers.at(-1);
    const chained = previous && { previous: previous.id, rolloutId: tiers[0]?.rolloutId };
    const { scripts, drift } = plan.tiers[index];
    const name = `tier-${inputs.tier}-${scripts.declaration.name}`;
    const tier = new Tier(name, { ...inputs, ...chained }, previous ? { dependsOn: previous } : {});
    for (const text of isToldByPack(plan, inputs.tier) ? [] : drift) {
      void warn(diagnostic(`tier ${inputs.tier} has drifted: ${text}`, "warning"), tier);
    }
    tiers.push(tier);
  }
  return tiers;
}

/** Drift that nobody has accepted stops the run, and the pack says so with the ways out. */
function isToldByPack({ run }: Plan, tier: number): boolean {
  const stops = run.stops.some((stop) => stop.finding.is === "drift" && stop.tier === tier);
  return stops && Boolean(process.env.PULUMI_OPTION_POLICY_PACK);
}

/**
 * Has the engine start the process of the dynamic provider now, while the rehearsal waits for the database, and not
 * when the first tier is registered. The function that it asks for does not exist, and that is the answer; nothing
 * depends on it.
 */
function startProvider(): void {
  void invoke("pulumi-nodejs:dynamic/rollout:warmup", {}).catch(() => undefined);
}
