// The Pulumi program of access/, on a stack and a backend of its own: a state that holds resources of a plugin needs that
// plugin at every command, and the rollout's must not.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { libpqEnvironment, requireOwnDatabase, targetEnvironment } from "../dev-database/target";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { isTerminal, runInForeground } from "../process";
import { DEV_STACK, makeStateFolder, projectFolder } from "../project";
import { readCommandLine } from "../pulumi/command-line";
import { agreesToOther } from "../pulumi/consent";
import { requireSurroundings } from "../pulumi/demands";
import { engineFolder, ensureEngine, pulumiHome } from "../pulumi/engine";
import { hasStack } from "../pulumi/existence";
import { exitCodeOf } from "../pulumi/outcome";

const PROGRAM = path.join(projectFolder, "access");

/** Runs `preview`, `up` or `destroy` there. */
export async function runAccessProgram(command: string, args: readonly string[]): Promise<number> {
  const line = readCommandLine(["--cwd", PROGRAM, command, ...args]);
  const { stack, fullStack } = line;
  requireOwnDatabase(stack);
  requireSurroundings(line);
  const binary = await ensureEngine();
  const env = {
    ...environment(),
    ...connection({ ...process.env, ...(await targetEnvironment(stack, { as: "administrator" })) }),
  };
  const pulumi = (words: readonly string[]) => runInForeground(binary, words, env, { cwd: PROGRAM });
  if (stack !== DEV_STACK && !hasStack(line, { binary, env })) {
    throw new Failure(
      `There is no stack ${stack} of access in the backend. Nothing was started. If the name is misspelt, correct PULUMI_STACK. ` +
        `Else make it, once: npm run pulumi -- -C access stack init ${stack} --secrets-provider URL`,
      EXIT.configuration,
    );
  }
  if (!(await agreesToOther(command, line, env))) return EXIT.declined;
  const selected = await pulumi(["stack", "select", fullStack, "--create", "--non-interactive"]);
  if (selected.code !== 0) throw new Failure(`The stack ${stack} of access could not be created.`);
  const options = [
    // The plugin changes the same catalog rows in parallel, and PostgreSQL refuses. As a flag: the variable ends the CLI.
    ...(line.has("parallel") ? [] : ["--parallel", "1"]),
    ...(isTerminal() || line.has("non-interactive") ? [] : ["--non-interactive"]),
  ];
  return exitCodeOf({ ...(await pulumi([command, "--stack", fullStack, ...options, ...args])), failures: [] }, false);
}

function environment(): NodeJS.ProcessEnv {
  const { env } = process;
  const inherited = Object.entries(env).filter(
    ([name]) => !/^PULUMI_OPTION_(PARALLEL|POLICY_PACK|STACK)$|^PULUMI_PARALLEL$/.test(name),
  );
  return {
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...Object.fromEntries(inherited),
    // Its project has a name of its own, so a team's backend holds both.
    PULUMI_BACKEND_URL: env.PULUMI_BACKEND_URL || pathToFileURL(ownBackend()).href,
    ...(env.PULUMI_CONFIG_PASSPHRASE_FILE ? {} : { PULUMI_CONFIG_PASSPHRASE: env.PULUMI_CONFIG_PASSPHRASE ?? "" }),
    PULUMI_HOME: pulumiHome(),
    PATH: engineFolder() + path.delimiter + (env.PATH ?? ""),
  };
}

/** Next to the rollout's. */
function ownBackend(): string {
  const folder = path.join(makeStateFolder(), "access-backend");
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** The plugin knows the variables of libpq alone; PGDATABASE is the database in which it works. */
function connection(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env.DATABASE_URL) return libpqEnvironment(env.DATABASE_URL);
  if (env.PGDATABASE) return {};
  throw new Failure(
    "PGDATABASE or DATABASE_URL has to name the database of the rollout. Nothing was started.",
    EXIT.configuration,
  );
}
