// What gate, verify and status have in common: which project they ask about, on which target, as the stack's configuration has it.
import {
  accessDemanded,
  type Configuration,
  describeExposure,
  messageOf,
  type Project,
  readConfiguration,
} from "../../provider";
import { rollout } from "../../tiers";
import { isExternal, namedConnection, requireOwnDatabase } from "../dev-database/target";
import { tell } from "../console";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { DEV_STACK, projectFolder, writeForOurselves } from "../project";
import type { CommandLine } from "../pulumi/command-line";
import { readStackConfiguration } from "../pulumi/configuration";

/** What a monitor asks about. */
export interface Question {
  readonly project: Project;
  readonly wanted: Configuration;
  readonly stack: string;
  /** Whether an approval has to be in force before a run: on the embedded database the command gives it by itself. */
  readonly approval: boolean;
}

/** Reads what a command asks about; tells at once where the connection is not protected. Starts nothing. */
export function readQuestion({ stack, configFile }: CommandLine, quiet = false): Question {
  const wanted = readWanted(stack, configFile);
  requireOwnDatabase(stack);
  const connection = namedConnection();
  const exposure = connection && describeExposure(connection);
  if (exposure && !quiet) tell(exposure);
  writeForOurselves();
  const { declareAccess } = require("../../access/declaration") as typeof import("../../access/declaration");
  const readers = wanted.options.readerRoles.split(",").filter(Boolean);
  return {
    project: { root: projectFolder, rollout, access: () => declareAccess({ readers }) },
    wanted,
    stack,
    approval: stack !== DEV_STACK || isExternal(),
  };
}

/** Never met by a request that is named: whoever names none yet is told so by the gate that judges it. */
const UNNAMED = "none";

/** The stack's configuration, as the program reads it; the environment has the last word on the ratified request. */
function readWanted(stack: string, file: string): Configuration {
  const values = readStackConfiguration(file);
  const { RATIFIED_APR } = process.env;
  const ratifiedApr = RATIFIED_APR || values.ratifiedApr || "";
  try {
    const named = { access: accessDemanded(stack), ...values, ratifiedApr: ratifiedApr || UNNAMED };
    const wanted = readConfiguration(rollout, named);
    return { ...wanted, parameters: { ...wanted.parameters, ratifiedApr } };
  } catch (cause) {
    throw new Failure(messageOf(cause), EXIT.configuration, { cause });
  }
}
