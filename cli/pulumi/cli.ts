// The Pulumi CLI, ready to run in this project: engine, database, backend and stack are there.
import { namedConnection } from "../dev-database/target";
import { runInForeground } from "../process";
import { writeForOurselves } from "../project";
import type { CommandLine } from "./command-line";
import { ensureEngine } from "./engine";
import { engineEvents } from "./engine-events";
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
  const binary = await ensureEngine();
  writeForOurselves();
  const env = await commandEnvironment(line);
  const events = engineEvents(line);
  const start: Start = (args, changes) =>
    runInForeground(binary, args, { ...env, ...changes, ...events?.env }, { onNoticed: events?.onNoticed });
  if (!process.env.PULUMI_BACKEND_URL) await ensureOwnBackend(line, start);
  return {
    env,
    run: async (args) => {
      requireKnownState(line, { binary, env });
      const started = Date.now();
      const ended = await start(args);
      const { code } = ended;
      if (ended.interrupted) {
        const { tellStanding } = require("./standing") as typeof import("./standing");
        await tellStanding({ line, cli: { binary, env }, ended });
        return code;
      }
      if (code === 0) return code;
      const { recover } = require("./recovery") as typeof import("./recovery");
      const recovered = await recover({ line, start, started, url: env.PULUMI_BACKEND_URL ?? "" });
      return recovered ? (await start(args)).code : code;
    },
  };
}
