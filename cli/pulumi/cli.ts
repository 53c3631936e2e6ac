// The Pulumi CLI, ready to run in this project: engine, database, backend and stack are there.
import { namedConnection } from "../dev-database/target";
import { runInForeground } from "../process";
import { DEV_STACK, writeForOurselves } from "../project";
import type { CommandLine } from "./command-line";
import { requireSurroundings } from "./demands";
import { ensureEngine } from "./engine";
import { commandEnvironment } from "./environment";
import { requireKnownState } from "./state";
import { ensureOwnBackend, type Start } from "./stack";

export interface Pulumi {
  env: NodeJS.ProcessEnv;
  /** Runs a command and returns its exit code. One that fails because of what a dead run left behind is run once more without that. */
  run(args: readonly string[]): Promise<number>;
}

export async function preparePulumi(line: CommandLine): Promise<Pulumi> {
  // Before anything is started: it throws where the environment names a database in words that cannot be read.
  namedConnection();
  requireSurroundings(line);
  const binary = await ensureEngine();
  writeForOurselves();
  const env = await commandEnvironment(line);
  const start: Start = (args, changes) => runInForeground(binary, args, { ...env, ...changes });
  if (!process.env.PULUMI_BACKEND_URL && line.stack === DEV_STACK) await ensureOwnBackend(line, start);
  return {
    env,
    run: async (args) => {
      requireKnownState(line, { binary, env });
      const started = Date.now();
      const { code, interrupted } = await start(args);
      if (code === 0 || interrupted) return code;
      const { recover } = require("./recovery") as typeof import("./recovery");
      const recovered = await recover({ line, start, started, url: env.PULUMI_BACKEND_URL ?? "" });
      return recovered ? (await start(args)).code : code;
    },
  };
}
