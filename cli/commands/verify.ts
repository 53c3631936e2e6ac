// `npm run verify`: does what the rollout promises hold now? Reads only, starts neither Pulumi nor the embedded database.
import { describeCondition, harmlessData, show, type Verification, verifyRollout } from "../../provider";
import { rollout } from "../../tiers";
import { runningEnvironment } from "../dev-database/target";
import { say } from "../console";
import { EXIT } from "../exit-codes";
import { answer, QUIET_OPTIONS } from "../monitor/command";
import { readQuestion } from "../monitor/question";
import { parseOptions } from "../options";
import { type CommandLine, readCommandLine } from "../pulumi/command-line";
import type { Command } from "./index";

const USAGE = `Usage: npm run verify [-- --quiet | --json] [--config-file FILE]

  Measures the gates of Tier 8 and reads every view of the user interface, at any time; names whatever differs.
  Exit code 0 = everything holds, 10 = it differs, 2 = bad configuration, 11 = locked, 12 = out of reach, 1 = another error.

  --quiet              print nothing, tell by the exit code
  --json               print one JSON object: holds, database, tiers, gates, views
  --config-file FILE   the stack's configuration, if not Pulumi.<PULUMI_STACK>.yaml`;

export const run: Command = (args) => {
  const options = parseOptions(args, QUIET_OPTIONS, USAGE);
  return answer(options, USAGE, () => tellVerification(options, readCommandLine(args)));
};

type Options = ReturnType<typeof parseOptions<typeof QUIET_OPTIONS>>;

async function tellVerification({ quiet, json }: Options, line: CommandLine): Promise<number> {
  const { project, wanted, stack } = readQuestion(line, quiet);
  Object.assign(process.env, await runningEnvironment(stack, "monitor"));
  const verification = await verifyRollout(project, wanted.parameters);
  const { gates, views } = verification;
  const holds = gates.every((gate) => gate.holds) && views.every(({ failure }) => failure === undefined);
  if (!quiet) say(json ? JSON.stringify(harmlessData({ holds, ...verification })) : describe(verification, holds));
  return holds ? EXIT.done : EXIT.refused;
}

function describe({ database, tiers, gates, views }: Verification, holds: boolean): string {
  const rows = views.reduce((sum, view) => sum + (view.rows ?? 0), 0);
  if (holds) return `VERIFIED: ${gates.length} gates hold, ${views.length} views are read with ${rows} rows.`;
  const failed = gates.filter((gate) => !gate.holds);
  const unread = views.filter(({ failure }) => failure !== undefined);
  return [
    `DIFFERS: ${failed.length} of ${gates.length} gates, ${unread.length} of ${views.length} views.`,
    ...(tiers.length
      ? []
      : [`Nothing of the rollout stands on ${database}: npm run gate tells whether it could start.`]),
    ...failed.flatMap((gate) => [
      `- ${gate.name}: expected ${describeCondition(gate)}, measured ${show(gate.measured)}${gate.told === undefined ? "" : ` (${gate.told})`}`,
      `  ${gate.meaning} ${gate.remedy}`,
    ]),
    ...unread.flatMap(({ view, failure = "", madeBy }) => [
      `- ${view} cannot be read: ${failure}`,
      `  ${remedyOf(madeBy)}`,
    ]),
  ].join("\n");
}

function remedyOf(madeBy: number | undefined): string {
  const maker = rollout.tiers.find(({ tier }) => tier === madeBy);
  if (!maker) return "Find out who changed it.";
  return `Tier ${maker.tier} makes it (${maker.apply}). Find out who changed it, or what it reads; the gate structure names what is not as defined.`;
}
