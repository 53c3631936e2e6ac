// `npm run gate`: could the rollout start or go on now? Reads only, starts no Pulumi. Exit code 0 = nothing blocks, 10 = BLOCKED.
import { measureReadiness, readinessLine } from "../../provider";
import { monitor } from "../../tiers/monitor";
import { targetEnvironment } from "../dev-database/target";
import { say } from "../console";
import { EXIT } from "../exit-codes";
import { answer, QUIET_OPTIONS } from "../monitor/command";
import { readQuestion } from "../monitor/question";
import { parseOptions } from "../options";
import { readCommandLine, type CommandLine } from "../pulumi/command-line";
import type { Command } from "./index";

const USAGE = `Usage: npm run gate [-- --quiet | --json] [--config-file FILE]

  READY                  nothing of the rollout stands, and it could start
  BLOCKED gate: …;       it could not start: every stop gate of Tier 0 that does not hold, and whatever else
                         preview would refuse (release, ledger, drift, edited, access, approval)
  ROLLED OUT             all tiers that write stand; npm run verify tells whether what they promise holds
  ROLLED OUT; BLOCKED …  they stand, and the next run would be refused
  PARTLY ROLLED OUT tiers 1, 2; tier 3 READY (or BLOCKED gate: …;)
                         what stands, and whether the next tier could start

  Exit code 0 = nothing blocks, 10 = something does, 2 = bad configuration, 11 = locked, 12 = out of reach,
  1 = another error.

  --quiet              print nothing, tell by the exit code
  --json               print one JSON object: verdict, database, tiers, next, blockers, readings
  --config-file FILE   the stack's configuration, if not Pulumi.<PULUMI_STACK>.yaml

  RATIFIED_APR in the environment goes before the configuration's ratifiedApr.`;

export const run: Command = (args) => {
  const options = parseOptions(args, QUIET_OPTIONS, USAGE);
  return answer(options, USAGE, () => tellVerdict(options, readCommandLine(args)));
};

type Options = ReturnType<typeof parseOptions<typeof QUIET_OPTIONS>>;

async function tellVerdict({ quiet, json }: Options, line: CommandLine): Promise<number> {
  const { project, wanted, stack, approval } = readQuestion(line, quiet);
  Object.assign(process.env, await targetEnvironment(stack, { as: "monitor" }));
  const measured = await measureReadiness(project, monitor, wanted, { all: json ?? false, stack, approval });
  const { verdict, database, tiers, next, blockers, readings } = measured;
  if (!quiet) {
    say(json ? JSON.stringify({ verdict, database, tiers, next, blockers, readings }) : readinessLine(measured));
  }
  return verdict === "BLOCKED" ? EXIT.refused : EXIT.done;
}
