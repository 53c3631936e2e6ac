// `npm run gate`: could the rollout start now? Reads only, starts no Pulumi. Exit code 0 = READY, 10 = BLOCKED, 1 = error.
import { parseArgs } from "node:util";
import {
  accessDemanded,
  describeExposure,
  measureReadiness,
  messageOf,
  type Parameters,
  type Project,
  readinessLine,
} from "../../provider";
import { rollout } from "../../tiers";
import { blockerTokens } from "../../tiers/monitor";
import { namedConnection, requireOwnDatabase, targetEnvironment } from "../dev-database/target";
import { say, tell } from "../console";
import { EXIT } from "../exit-codes";
import { Failure, foreseen } from "../failure";
import { projectFolder, writeForOurselves } from "../project";
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

type Options = ReturnType<typeof readOptions>;

export const run: Command = async (args) => {
  const options = readOptions(args);
  if (options.help) say(USAGE);
  try {
    return options.help ? 0 : await tellVerdict(options, readCommandLine(args));
  } catch (error) {
    const { message, exitCode } = foreseen(error) ?? new Failure(messageOf(error));
    if (options.quiet) return exitCode;
    // An error is one line, so that a log of cron or CI keeps it together.
    throw new Failure(message.replace(/\s*\n\s*/g, " "), exitCode, { cause: error });
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
    throw new Failure(`${messageOf(error).split(".")[0] ?? ""}.\n${USAGE}`, EXIT.configuration, { cause: error });
  }
}

async function tellVerdict({ quiet, json }: Options, { stack, configFile }: CommandLine): Promise<number> {
  const parameters = readParameters(configFile);
  requireOwnDatabase(stack);
  const connection = namedConnection();
  const exposure = connection && describeExposure(connection);
  if (exposure && !quiet) tell(exposure);
  writeForOurselves();
  Object.assign(process.env, await targetEnvironment(stack, { as: "monitor" }));
  const { access, roles } = readAccess(stack, configFile);
  const project: Project = { root: projectFolder, rollout, access };
  const measured = await measureReadiness(project, blockerTokens, parameters, { all: json ?? false, roles });
  const { verdict, database, blockers, readings } = measured;
  if (!quiet) say(json ? JSON.stringify({ verdict, database, blockers, readings }) : readinessLine(measured));
  return verdict === "READY" ? 0 : BLOCKED;
}

/** Who may do what, and whether a database without roles will do, as the stack's configuration has it. */
function readAccess(stack: string, file: string): Pick<Project, "access"> & { roles: "required" | "optional" } {
  const { access, readerRoles = "" } = readStackConfiguration(file, ["access", "readerRoles"]);
  const { declareAccess } = require("../../access/declaration") as typeof import("../../access/declaration");
  return {
    access: () => declareAccess({ readers: readerRoles.split(",").filter(Boolean) }),
    // An unknown word is for the program to refuse.
    roles: access === "required" || access === "optional" ? access : accessDemanded(stack),
  };
}

/** The rollout's parameters from the stack's configuration; the environment has the last word on the ratified request. */
function readParameters(file: string): Parameters {
  const values = readStackConfiguration(file, Object.keys(rollout.parameters));
  const { RATIFIED_APR } = process.env;
  if (RATIFIED_APR) values.ratifiedApr = RATIFIED_APR;
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}
