// `npm run db -- COMMAND`: the embedded database by hand.
import { parseArgs } from "node:util";
import {
  type Baseline,
  DATABASE,
  DEFAULT_BASELINE,
  ensureDatabase,
  resetDatabase,
  setApproval,
} from "../dev-database/baseline";
import { clusterUrl, stopCluster } from "../dev-database/cluster";
import { Failure } from "../failure";
import { isExternal, libpqEnvironment } from "../dev-database/target";
import type { Command } from "./index";

const USAGE = `Usage: npm run db -- COMMAND

  start      start the embedded PostgreSQL 16, loading the baseline at the first start
  stop       stop it
  reset      drop the database and load the baseline anew, signed
             (--unsigned leaves the approval out; --scale N, where 1 is production size)
  sign       insert the human approval, as a human would
  unsign     take it back
  url        print the URL of the database
  psql-env   print the settings for psql: eval "$(npm -s run db -- psql-env)"; psql`;

type Action = (args: string[]) => Promise<void>;

const actions: Record<string, Action> = {
  start: async () => {
    const { folder, port } = await ensureDatabase();
    console.log(`PostgreSQL 16 listens on 127.0.0.1:${port}, database ${DATABASE}, files in ${folder}`);
  },
  stop: async () => {
    console.log((await stopCluster()) ? "The database was stopped." : "The database was not running.");
  },
  reset: async (args) => {
    await resetDatabase(readBaseline(args));
    console.log("The database is as it was before any rollout.");
  },
  sign: async () => {
    await setApproval(true);
    console.log("The approval is signed.");
  },
  unsign: async () => {
    await setApproval(false);
    console.log("The approval was taken back.");
  },
  url: async () => {
    console.log(clusterUrl(await ensureDatabase(), DATABASE));
  },
  "psql-env": async () => {
    const settings = libpqEnvironment(clusterUrl(await ensureDatabase(), DATABASE));
    for (const [name, value] of Object.entries(settings)) console.log(`export ${name}='${value}'`);
  },
};

function readBaseline(args: string[]): Baseline {
  const values = readOptions(args);
  const scale = values.scale ?? DEFAULT_BASELINE.scale;
  if (!(Number(scale) > 0)) throw new Failure(`--scale must be a number above 0, not "${scale}".`, 2);
  return { scale, signed: !values.unsigned };
}

function readOptions(args: string[]) {
  try {
    return parseArgs({ args, options: { scale: { type: "string" }, unsigned: { type: "boolean" } } }).values;
  } catch (cause) {
    throw new Failure(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`, 2, { cause });
  }
}

export const run: Command = async (args) => {
  const [name = "", ...rest] = args;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) throw new Failure(name ? `Unknown command "${name}".\n${USAGE}` : USAGE, 2);
  if (isExternal()) {
    throw new Failure(
      `DATABASE_URL or PGHOST names another database: \`db ${name}\` is for the embedded one. Unset it first.`,
    );
  }
  await action(rest);
  return 0;
};
