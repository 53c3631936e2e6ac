// `npm run gate`: could the rollout start now? Reads only, starts no Pulumi. Exit code 0 = READY, 10 = BLOCKED, 1 = error.
import { parseArgs } from "node:util";
import { measureReadiness, messageOf, type Parameters, readinessLine } from "../provider";
import { rollout } from "../tiers";
import { blockerTokens } from "../tiers/monitor";
import { configurationFile, readStackConfiguration } from "./configuration";
import { DEV_STACK } from "./environment";
import { Failure } from "./failure";
import { projectFolder } from "./state";
import { isExternal, targetEnvironment } from "./target";

const USAGE = `Usage: npm run gate [-- --quiet | --json] [--config-file FILE]

  Prints READY, or BLOCKED with every stop gate of Tier 0 that does not hold.
  Exit code 0 = READY, 10 = BLOCKED, 1 = the gates could not be read.

  --quiet              print nothing, tell by the exit code
  --json               print one JSON object: verdict, database, blockers, readings
  --config-file FILE   the stack's configuration, if not Pulumi.<PULUMI_STACK>.yaml

  RATIFIED_APR in the environment goes before the configuration's ratifiedApr; without either
  the ratified request is not judged.`;

const BLOCKED = 10;

interface Options {
  quiet: boolean;
  json: boolean;
  help: boolean;
  configFile: string | undefined;
}

export async function runGate(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  try {
    return await tellVerdict(options);
  } catch (error) {
    if (options.quiet) return 1;
    throw new Failure(oneLine(messageOf(error)), 1, { cause: error });
  }
}

function readOptions(args: string[]): Options {
  try {
    const { values } = parseArgs({
      args,
      options: {
        quiet: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
        "config-file": { type: "string" },
      },
    });
    return { ...values, configFile: values["config-file"] || process.env.PULUMI_OPTION_CONFIG_FILE || undefined };
  } catch (error) {
    throw new Failure(`${messageOf(error).split(".")[0] ?? ""}.\n${USAGE}`, 2, { cause: error });
  }
}

async function tellVerdict({ quiet, json, configFile }: Options): Promise<number> {
  const stack = process.env.PULUMI_STACK || DEV_STACK;
  const parameters = readParameters(configFile ?? configurationFile(stack));
  await chooseTarget(stack);
  const project = { root: projectFolder, rollout };
  const { verdict, database, blockers, readings } = await measureReadiness(project, blockerTokens, parameters, {
    all: json,
  });
  if (!quiet) {
    console.log(
      json ? JSON.stringify({ verdict, database, blockers, readings }) : readinessLine({ verdict, blockers }),
    );
  }
  return verdict === "READY" ? 0 : BLOCKED;
}

/** The rollout's parameters from the stack's configuration; the environment has the last word on the ratified request. */
function readParameters(file: string): Parameters {
  const values = readStackConfiguration(file, Object.keys(rollout.parameters));
  const { RATIFIED_APR } = process.env;
  const known = { ...values, ...(RATIFIED_APR ? { ratifiedApr: RATIFIED_APR } : {}) };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value));
}

async function chooseTarget(stack: string): Promise<void> {
  if (stack !== DEV_STACK && !isExternal()) {
    throw new Failure(`Stack ${stack} has a database of its own: set DATABASE_URL or PGHOST. Nothing was started.`);
  }
  Object.assign(process.env, await targetEnvironment());
}

/** An error is one line, so that a log of cron or CI keeps it together. */
function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}
