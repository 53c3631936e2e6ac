// `npm run status`: where the rollout stands, on one screen. Reads only, starts neither Pulumi nor the embedded database.
import { harmlessData, inOrder, measureStatus } from "../../provider";
import { rollout } from "../../tiers";
import { monitor } from "../../tiers/monitor";
import { describeTarget, runningEnvironment } from "../dev-database/target";
import { say } from "../console";
import { EXIT } from "../exit-codes";
import { answer, OPTIONS } from "../monitor/command";
import { describeDetail } from "../monitor/detail";
import { detailOf, factsOf } from "../monitor/facts";
import { readQuestion } from "../monitor/question";
import { screenOf } from "../monitor/screen";
import { badOptions, parseOptions } from "../options";
import { type CommandLine, readCommandLine } from "../pulumi/command-line";
import type { Command } from "./index";

const USAGE = `Usage: npm run status [-- --json] [--tier N] [--config-file FILE]

  Where the rollout stands: target, release, tiers, drift, whether it could start or go back now, what to run next.
  Exit code 0 = nothing refuses, 10 = a gate, drift, the ledger or the way back does, 2 = bad configuration,
  11 = locked, 12 = out of reach (the embedded database is not started for it), 1 = another error.

  --tier N             all that the ledger keeps of one tier, and what is measured of it now
  --json               the same as one JSON object
  --config-file FILE   the stack's configuration, if not Pulumi.<PULUMI_STACK>.yaml`;

const STATUS_OPTIONS = { ...OPTIONS, tier: { type: "string" } } as const;

export const run: Command = (args) => {
  const options = parseOptions(args, STATUS_OPTIONS, USAGE);
  const tier = readTier(options.tier);
  return answer(options, USAGE, () => tellStatus({ ...options, tier }, readCommandLine(args)));
};

interface Options {
  readonly json?: boolean | undefined;
  readonly tier: number | undefined;
}

function readTier(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const known = rollout.tiers.map(({ tier }) => String(tier));
  if (known.includes(text)) return Number(text);
  throw badOptions(`--tier: expected one of ${known.join(", ")}, found "${text}"`, USAGE);
}

async function tellStatus({ json, tier }: Options, line: CommandLine): Promise<number> {
  const { project, wanted, stack, approval } = readQuestion(line);
  Object.assign(process.env, await runningEnvironment(stack, "monitor"));
  const status = await measureStatus(project, monitor, wanted, { stack, approval });
  const { parameters, request } = wanted;
  const surroundings = {
    connection: describeTarget(process.env),
    stack,
    rollout: inOrder(project.rollout),
    parameters,
    throughTier: request.throughTier,
  };
  const facts = factsOf(status, surroundings);
  const detail = tier === undefined ? undefined : detailOf(status, surroundings, tier);
  if (json) say(JSON.stringify(harmlessData(detail ?? facts)));
  else say(detail ? describeDetail(detail) : screenOf(facts));
  return facts.start.verdict === "BLOCKED" || !facts.back.could ? EXIT.refused : EXIT.done;
}
