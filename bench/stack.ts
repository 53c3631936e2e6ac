import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { ensureEngine, pulumiHome } from "../cli/pulumi/engine";
import { RATIFIED, type TestDatabase } from "../test/support/database/database";

const run = promisify(execFile);

/** A stack `dev` on one database, with a backend, a configuration and evidence of its own. */
export interface Stack {
  readonly project: string;
  /** The Pulumi CLI. */
  readonly cli: string;
  /** Environment of every command; nothing of the caller's own rollout, database or backend gets in. */
  readonly env: NodeJS.ProcessEnv;
  /** Options of every command. */
  readonly options: readonly string[];
  /** Adds to the stack's configuration. */
  readonly configure: (values: Readonly<Record<string, string>>) => void;
}

/** Makes a stack of `project` in `folder`, which must not be there yet. */
export async function newStack(project: string, folder: string, db: TestDatabase): Promise<Stack> {
  mkdirSync(folder);
  const cli = await ensureEngine();
  const file = path.join(folder, "Pulumi.dev.yaml");
  const values: Record<string, string> = { database: db.name, ratifiedApr: RATIFIED };
  const configure = (more: Readonly<Record<string, string>>) => {
    const lines = Object.entries(Object.assign(values, more)).map(
      ([key, value]) => `  one-roof:${key}: ${JSON.stringify(value)}`,
    );
    writeFileSync(file, `config:\n${lines.join("\n")}\n`);
  };
  configure({ evidence: path.join(folder, "evidence") });
  const inherited = Object.entries(process.env).filter(([key]) => !/^(PULUMI|PG|ROLLOUT|DATABASE_URL)/.test(key));
  const env = {
    ...Object.fromEntries(inherited),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_STACK: "dev",
    PULUMI_OPTION_POLICY_PACK: "./policy",
    PULUMI_BACKEND_URL: pathToFileURL(folder).href,
    PULUMI_HOME: pulumiHome(),
    DATABASE_URL: db.url,
    PATH: path.dirname(cli) + path.delimiter + (process.env.PATH ?? ""),
  };
  await run(cli, ["stack", "init", "dev", "--non-interactive", "--no-select"], { cwd: project, env });
  const options = ["--config-file", file, "--non-interactive", "--color", "never"];
  return { project, cli, env, options, configure };
}
