// The environment of every Pulumi command. What the caller has set is respected; the rest are defaults for the dev stack.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { targetEnvironment } from "../dev-database/target";
import { DEV_STACK, makeStateFolder } from "../project";
import { type CommandLine, operationOf } from "./command-line";
import { readStackConfiguration } from "./configuration";
import { engineFolder, pulumiHome } from "./engine";

export async function commandEnvironment(line: CommandLine): Promise<NodeJS.ProcessEnv> {
  const { stack, fullStack } = line;
  const { env } = process;
  const request = operationOf(line) ? requestOf(line) : undefined;
  return {
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_OPTION_POLICY_PACK: "./policy",
    ...env,
    PULUMI_BACKEND_URL: env.PULUMI_BACKEND_URL || pathToFileURL(ownBackend()).href,
    ...passphrase(stack),
    ...(await targetEnvironment(stack, { as: "login", request })),
    PULUMI_STACK: fullStack,
    // A word for all databases is none for this one: who changes it is asked, or says --yes.
    PULUMI_SKIP_CONFIRMATIONS: undefined,
    PULUMI_HOME: pulumiHome(),
    // The engine finds its language host and the launcher of dynamic providers here.
    PATH: engineFolder() + path.delimiter + (env.PATH ?? ""),
    // Tells the program what it runs for: a `destroy --run-program` rehearses the rollbacks instead of the tiers.
    ROLLOUT_COMMAND: operationOf(line) ?? "",
    // Tells the provider that it does: without the program, the first deletion rehearses the way back.
    ROLLOUT_RUN_PROGRAM: line.isOn("run-program") ? "true" : "",
    // How its messages name the command that the operator can type next.
    ROLLOUT_CLI: "npm run pulumi --",
  };
}

/** The request that the stack names as ratified; whatever is wrong with the configuration, the program says. */
function requestOf({ stack, configFile }: CommandLine): string | undefined {
  if (stack !== DEV_STACK) return undefined;
  try {
    return readStackConfiguration(configFile, ["ratifiedApr"]).ratifiedApr;
  } catch {
    return undefined;
  }
}

/** The local backend that is used where the caller names none. */
export function ownBackend(): string {
  return path.join(makeStateFolder(), "backend");
}

/**
 * The dev stack holds no secret, so its passphrase is empty; any other stack brings its own. In our own backend that holds whatever the caller
 * has set, which is meant for other projects: Pulumi.dev.yaml belongs to the empty one.
 */
function passphrase(stack: string): NodeJS.ProcessEnv {
  const { PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE } = process.env;
  const given = (PULUMI_CONFIG_PASSPHRASE ?? PULUMI_CONFIG_PASSPHRASE_FILE) !== undefined;
  if (stack !== DEV_STACK || (PULUMI_BACKEND_URL && given)) return {};
  return { PULUMI_CONFIG_PASSPHRASE: "", PULUMI_CONFIG_PASSPHRASE_FILE: undefined };
}
