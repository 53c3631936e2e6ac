// `npm run db -- COMMAND`: the embedded database by hand.
import { parseArgs } from "node:util";
import * as baseline from "../dev-database/baseline";
import { clusterUrl, stopCluster } from "../dev-database/cluster";
import { isExternal, libpqEnvironment } from "../dev-database/target";
import { say } from "../console";
import { EXIT } from "../exit-codes";
import { Failure, reasonOf } from "../failure";
import { writeForOurselves } from "../project";
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

const actions: Record<string, (args: string[]) => Promise<string>> = {
  start: async () => {
    const { folder, port } = await baseline.ensureDatabase();
    return `PostgreSQL 16 listens on 127.0.0.1:${port}, database ${baseline.DATABASE}, files in ${folder}`;
  },
  stop: async () => ((await stopCluster()) ? "The database was stopped." : "The database was not running."),
  reset: async (args) => {
    await baseline.resetDatabase(readBaseline(args));
    return "The database is as it was before any rollout.";
  },
  sign: async () => {
    await baseline.setApproval(true);
    return "The approval is signed.";
  },
  unsign: async () => {
    await baseline.setApproval(false);
    return "The approval was taken back.";
  },
  url,
  "psql-env": async () =>
    Object.entries(libpqEnvironment(await url()))
      .map(([name, value]) => `export ${name}='${value}'`)
      .join("\n"),
};

async function url(): Promise<string> {
  return clusterUrl(await baseline.ensureDatabase(), baseline.DATABASE);
}

function readBaseline(args: string[]): baseline.Baseline {
  try {
    const options = { scale: { type: "string" }, unsigned: { type: "boolean" } } as const;
    const { scale = baseline.DEFAULT_BASELINE.scale, unsigned } = parseArgs({ args, options }).values;
    if (Number(scale) > 0) return { scale, signed: !unsigned };
    throw new Error(`--scale must be a number above 0, not "${scale}".`);
  } catch (cause) {
    throw new Failure(`${reasonOf(cause)}\n${USAGE}`, EXIT.configuration, { cause });
  }
}

export const run: Command = async (args) => {
  const [name = "", ...rest] = args;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) throw new Failure(name ? `Unknown command "${name}".\n${USAGE}` : USAGE, EXIT.configuration);
  if (isExternal()) {
    throw new Failure(
      `DATABASE_URL or PGHOST names another database: \`db ${name}\` is for the embedded one. Unset it first.`,
      EXIT.configuration,
    );
  }
  writeForOurselves();
  say(await action(rest));
  return 0;
};
