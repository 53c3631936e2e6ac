// The environment of every Pulumi command. What the caller has set is respected; the rest are defaults for the dev stack.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { engineFolder, pulumiHome } from "./engine";
import { makeStateFolder } from "./state";
import { isExternal, targetEnvironment } from "./target";

export const DEV_STACK = "dev";

export async function commandEnvironment(stack: string, command: string): Promise<NodeJS.ProcessEnv> {
  const { env } = process;
  return {
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_OPTION_POLICY_PACK: "./policy",
    ...env,
    PULUMI_BACKEND_URL: env.PULUMI_BACKEND_URL || localBackend(),
    ...passphrase(stack),
    ...(stack === DEV_STACK || isExternal() ? await targetEnvironment() : {}),
    PULUMI_STACK: env.PULUMI_STACK || stack,
    PULUMI_HOME: pulumiHome(),
    // The engine finds its language host and the launcher of dynamic providers here.
    PATH: engineFolder() + path.delimiter + (env.PATH ?? ""),
    // Tells the program what it runs for: a `destroy --run-program` rehearses the rollbacks instead of the tiers.
    ROLLOUT_COMMAND: command,
    // How its messages name the command that the operator can type next.
    ROLLOUT_CLI: "npm run pulumi --",
  };
}

function localBackend(): string {
  const folder = path.join(makeStateFolder(), "backend");
  fs.mkdirSync(folder, { recursive: true });
  return pathToFileURL(folder).href;
}

/** The dev stack holds no secret, so its passphrase is empty; any other stack brings its own. */
function passphrase(stack: string): NodeJS.ProcessEnv {
  const { PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE } = process.env;
  const given = PULUMI_CONFIG_PASSPHRASE !== undefined || PULUMI_CONFIG_PASSPHRASE_FILE !== undefined;
  return given || stack !== DEV_STACK ? {} : { PULUMI_CONFIG_PASSPHRASE: "" };
}
