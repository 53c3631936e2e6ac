// `npm run gate`: could the rollout start now? Reads only, starts no Pulumi. Exit code 0 = READY, 10 = BLOCKED, 1 = error.
import { parseArgs } from "node:util";
import { messageOf, RolloutError } from "../../provider/errors";
import { judgeStart, startGates, verdictLine } from "../../provider/monitor";
import { loadProbe, takeReadings } from "../../provider/readings";
import { connect } from "../../provider/session";
import { DEFAULT_OPTIONS, type Parameters, sessionSettings } from "../../provider/settings";
import { rollout } from "../../tiers";
import { blockerTokens } from "../../tiers/monitor";
import { requireOwnDatabase, targetEnvironment } from "../dev-database/target";
import { Failure } from "../failure";
import { projectFolder } from "../project";
import { readCommandLine, type CommandLine } from "../pulumi/command-line";
import { readStackConfiguration } from "../pulumi/configuration";
import type { Command } from "./index";

const USAGE = `Usage: npm run gate [-- --quiet | --json] [--config-file FILE]

  Prints READY, or BLOCKED with every stop gate of Tier 0 that does not hold.
  Exit code 0 = READY, 10 = BLOCKED, 1 = the gates could not be read.

  --quiet              print nothing, tell by the exit code
  --json               print one JSON object: verdict, database, blockers, readings
  --config-file FILE   the stack's configuration, if not Pulumi.<PULUMI_STACK>.yaml

  RATIFIED_APR in the environment goes before the configuration's ratifiedApr; without either
  the ratified request is not judged.`;

const BLOCKED = 10;

/** As sql/gate_monitor/gate_check.sh: cannot write, waits for no lock longer than 2 s. */
const READ_ONLY = { default_transaction_read_only: "on", lock_timeout: "2s", statement_timeout: "30s" };

type Options = ReturnType<typeof readOptions>;

export const run: Command = async (args) => {
  const options = readOptions(args);
  if (options.help) console.log(USAGE);
  try {
    return options.help ? 0 : await tellVerdict(options, readCommandLine(args));
  } catch (error) {
    if (options.quiet) return 1;
    // An error is one line, so that a log of cron or CI keeps it together.
    throw new Failure(messageOf(error).replace(/\s*\n\s*/g, " "), 1, { cause: error });
  }
};

function readOptions(args: string[]) {
  const flag = { type: "boolean" } as const;
  const options = {
    quiet: flag,
    json: flag,
    help: { ...flag, short: "h" },
    "config-file": { type: "string" },
  } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Failure(`${messageOf(error).split(".")[0] ?? ""}.\n${USAGE}`, 2, { cause: error });
  }
}

async function tellVerdict({ quiet, json }: Options, { stack, configFile }: CommandLine): Promise<number> {
  const parameters = readParameters(configFile);
  requireOwnDatabase(stack);
  Object.assign(process.env, await targetEnvironment(stack));
  // The line needs the first tier's readings only; the others are not even computed then.
  const names = json ? undefined : startGates(rollout, blockerTokens, parameters).map(({ name }) => name);
  const { database, readings } = await measure(parameters, names);
  const judged = judgeStart(rollout, blockerTokens, parameters, readings);
  const { verdict, blockers } = judged;
  if (!quiet) console.log(json ? JSON.stringify({ verdict, database, blockers, readings }) : verdictLine(judged));
  return verdict === "READY" ? 0 : BLOCKED;
}

/** The rollout's parameters from the stack's configuration; the environment has the last word on the ratified request. */
function readParameters(file: string): Parameters {
  const values = readStackConfiguration(file, Object.keys(rollout.parameters));
  const { RATIFIED_APR } = process.env;
  if (RATIFIED_APR) values.ratifiedApr = RATIFIED_APR;
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}

async function measure(parameters: Parameters, names: readonly string[] | undefined) {
  const settings = { ...sessionSettings(rollout, parameters, DEFAULT_OPTIONS), ...READ_ONLY };
  const probe = await loadProbe(projectFolder, rollout);
  // A server of any age is told apart by its gate, as the plain SQL does.
  const session = await connect(settings, `${rollout.name} gate monitor`, undefined, 0);
  try {
    return { database: session.target.database, readings: await takeReadings(session, probe, names) };
  } catch (error) {
    throw new RolloutError(
      `The gates of database ${session.target.database} could not be read: ${messageOf(error)}. Nothing was changed; try again.`,
      undefined,
      { cause: error },
    );
  } finally {
    await session.close();
  }
}
