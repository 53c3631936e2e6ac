// `npm run status`: where the rollout stands, on one screen. Reads only, starts neither Pulumi nor the embedded database.
import { parseArgs } from "node:util";
import { harmlessData, measureStatus, messageOf } from "../../provider";
import { rollout } from "../../tiers";
import { monitor } from "../../tiers/monitor";
import { describeTarget, runningEnvironment } from "../dev-database/target";
import { say } from "../console";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { describeDetail } from "../monitor/detail";
import { detailOf, factsOf } from "../monitor/facts";
import { asFailure, readQuestion } from "../monitor/question";
import { screenOf } from "../monitor/screen";
import { type CommandLine, readCommandLine } from "../pulumi/command-line";
import type { Command } from "./index";

const USAGE = `Usage: npm run status [-- --json] [--tier N] [--config-file FILE]

  Where the rollout stands: target, release, tiers, drift, whether it could start or go back now, what to run next.
  Exit code 0 = nothing refuses, 10 = a gate, drift, the ledger or the way back does, 2 = bad configuration,
  11 = locked, 12 = out of reach (the embedded database is not started for it), 1 = another error.

  --tier N             all that the ledger keeps of one tier, and what is measured of it now
  --json               the same as one JSON object
  --config-file FILE   the stack's configuration, if not Pulumi.<PULUMI_STACK>.yaml`;

export const run: Command = async (args) => {
  const options = readOptions(args);
  if (options.help) {
    say(USAGE);
    return EXIT.done;
  }
  try {
    return await tellStatus(options, readCommandLine(args));
  } catch (error) {
    throw asFailure(error);
  }
};

type Options = ReturnType<typeof readOptions>;

function readOptions(args: string[]) {
  const options = {
    json: { type: "boolean" },
    tier: { type: "string" },
    help: { type: "boolean", short: "h" },
    "config-file": { type: "string" },
  } as const;
  try {
    const { tier, ...values } = parseArgs({ args, options }).values;
    return { ...values, ...(tier !== undefined && { tier: readTier(tier) }) };
  } catch (error) {
    throw new Failure(`${messageOf(error).split(/\.(?:\s|$)/)[0] ?? ""}.\n${USAGE}`, EXIT.configuration, {
      cause: error,
    });
  }
}

function readTier(text: string): number {
  const known = rollout.tiers.map(({ tier }) => String(tier));
  if (known.includes(text)) return Number(text);
  throw new Error(`--tier: expected one of ${known.join(", ")}, found "${text}"`);
}

async function tellStatus({ json, tier }: Options, line: CommandLine): Promise<number> {
  const { project, wanted, stack, approval } = readQuestion(line);
  Object.assign(process.env, await runningEnvironment(stack, "monitor"));
  const status = await measureStatus(project, monitor, wanted, { stack, approval });
  const { parameters, request } = wanted;
  const surroundings = {
    connection: describeTarget(process.env),
    stack,
    parameters,
    throughTier: request.throughTier,
  };
  const facts = factsOf(status, surroundings);
  const detail = tier === undefined ? undefined : detailOf(status, surroundings, tier);
  if (json) say(JSON.stringify(harmlessData(detail ?? facts)));
  else say(detail ? describeDetail(detail) : screenOf(facts));
  return facts.start.verdict === "BLOCKED" || !facts.back.could ? EXIT.refused : EXIT.done;
}
