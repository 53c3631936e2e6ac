/** Real runs of which README and runbook show what was printed. What takes long is run by `npm run samples` alone. */
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { EXIT } from "../../cli/exit-codes";
import { projectKey } from "../../cli/project";
import { database, RATIFIED, type TestDatabase } from "./database/database";
import { FULL_ROLLBACK, RUN_ALL } from "./database/files";
import { temporaryFolder } from "./folder";
import { resultOf } from "./processes";
import { UNHURRIED } from "./pulumi/program";
import type { Shown } from "./samples";

export const WRITES = process.env.SAMPLES === "write";

interface Operator {
  /** Runs one of our commands, which has to end with this code; gives what it printed, in words of production. */
  run: (command: string, code: number, ...args: string[]) => Promise<string>;
  /** Changes the stack's configuration; undefined takes a key away. */
  configure: (config: Readonly<Record<string, string | undefined>>) => void;
  /** Environment of what is run from now on. */
  env: NodeJS.ProcessEnv;
  loseState: () => void;
}

/** An operator on one database, whose commands ask nothing and whose state and evidence are for this test alone. */
export function operatorOn(db: TestDatabase): Operator {
  const home = temporaryFolder();
  const file = path.join(home, "Pulumi.dev.yaml");
  const salt = /^encryptionsalt: .*$/m.exec(readFileSync("Pulumi.dev.yaml", "utf8"))?.[0] ?? "";
  const values: Record<string, string | undefined> = {
    database: db.name,
    ratifiedApr: RATIFIED,
    holdBudget: UNHURRIED,
    evidence: path.join(home, "evidence"),
  };
  const configure: Operator["configure"] = (config) => {
    const own = Object.entries(Object.assign(values, config)).filter(([, value]) => value !== undefined);
    const lines = own.map(([key, value]) => `  one-roof:${key}: ${JSON.stringify(value)}\n`);
    writeFileSync(file, `${salt}\nconfig:\n${lines.join("")}`);
  };
  configure({});
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PULUMI_(?!HOME)|PG|ROLLOUT|DATABASE_URL)/.test(name),
  );
  const env = { ...Object.fromEntries(inherited), ONE_ROOF_HOME: home, DATABASE_URL: db.url, PULUMI_STACK: "dev" };
  return {
    configure,
    env,
    loseState: () => rmSync(path.join(home, projectKey, "backend"), { recursive: true }),
    run: async (command, code, ...more) => {
      const args = ["cli/main.js", command, "--config-file", file, ...more];
      const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
      const result = await resultOf(child);
      expect([command, result.code, result.code === code ? "" : result.output]).toEqual([command, code, ""]);
      return result.output.replaceAll(db.name, "directus");
    },
  };
}

const RESOURCES = /^Resources:\n(?: +.*\n?)+/gm;
const MESSAGES = /^Diagnostics:\n(?:.*\n)*?(?=^Resources:)/gm;

const preview = (output: string): Shown[] => [{ typed: "npm run preview", output, keep: [MESSAGES] }];

/** Another rollout is in the way. */
export async function another(db: TestDatabase, operator: Operator): Promise<Record<string, Shown[]>> {
  const other = await db.connect();
  await other.query("SET application_name = 'psql of the other team'");
  await other.query("SELECT pg_advisory_lock(1330795077, 1)");
  operator.configure({ retryBudget: "1s" });
  const refused = await operator.run("preview", EXIT.locked);
  operator.configure({ retryBudget: undefined });
  const { stderr } = await db.psql(["-v", `ratified_apr=${RATIFIED}`, "-f", RUN_ALL]);
  await other.end();
  const typed = `${PSQL} -v ratified_apr=APR-0211 -f sql/prod/99_run_all.sql`;
  return { "other-rollout": preview(refused), "other-rollout-psql": [{ typed, output: stderr }] };
}

const PSQL = "psql -v ON_ERROR_STOP=1";

/** What psql says where no request is named, and where an application is in the way. */
export async function refusedByPsql(db: TestDatabase): Promise<Record<string, Shown[]>> {
  const unnamed = await db.psql(["-f", RUN_ALL]);
  const locked = await beside(db, "UPDATE governance_registry SET code = code WHERE code = 'GOV-DOT'", () =>
    db.psql(["-v", `ratified_apr=${RATIFIED}`, "-f", RUN_ALL]),
  );
  return {
    "psql-unnamed": [{ typed: `${PSQL} -f sql/prod/99_run_all.sql`, output: unnamed.stderr }],
    "psql-locked": [{ typed: `${PSQL} -v ratified_apr=APR-0211 -f sql/prod/99_run_all.sql`, output: locked.stderr }],
  };
}

/** The same of the whole way back: somebody reads what it drops. */
export async function refusedBackByPsql(db: TestDatabase): Promise<Shown[]> {
  const { stderr } = await beside(db, "SELECT count(*) FROM v_ui_lane", () => db.psql(["-f", FULL_ROLLBACK]));
  return [{ typed: `${PSQL} -f sql/prod_rollback/99_rollback_full.sql`, output: stderr }];
}

/** Does something while an application idles in a transaction in which it has said this. */
async function beside<Result>(db: TestDatabase, sql: string, work: () => Promise<Result>): Promise<Result> {
  await db.query("CREATE ROLE directus_app LOGIN IN ROLE pg_read_all_data, pg_write_all_data");
  const application = await db.connect("directus_app");
  try {
    await application.query(`SET application_name = 'directus'; BEGIN; ${sql}`);
    return await work();
  } finally {
    await application.query("ROLLBACK");
    await application.end();
    await db.query("DROP ROLE directus_app");
  }
}

/** An application is in the way, as often as there is time to try; and the rehearsal is in the way of others. */
export async function locked(db: TestDatabase, operator: Operator): Promise<Record<string, Shown[]>> {
  if (!WRITES) return {};
  const application = await db.connect();
  await application.query("SET application_name = 'directus'");
  await application.query("BEGIN; LOCK governance_registry IN SHARE ROW EXCLUSIVE MODE");
  application.query("SELECT pg_sleep(600)").catch(() => undefined);
  operator.configure({ retryBudget: "1s" });
  const lock = preview(await operator.run("preview", EXIT.locked));
  await db.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'");
  operator.configure({ retryBudget: undefined, holdBudget: "20ms" });
  const held = preview(await operator.run("preview", EXIT.refused));
  operator.configure({ holdBudget: UNHURRIED });
  return { lock, "hold-budget": held };
}

const CHANGE = (agency: string) =>
  `UPDATE governance_object_ownership SET owner_gov_code = '${agency}' WHERE object_ref = 'GRP-AI' AND scope = 'audit'`;

/** A rollout through Tier 3, of which somebody then changes a row. */
export async function drifted(db: TestDatabase, operator: Operator): Promise<Record<string, Shown[]>> {
  operator.configure({ throughTier: "3" });
  await operator.run("up", EXIT.done, "--yes", "--skip-preview");
  await db.query(CHANGE("GOV-MOT"));
  const refused = await operator.run("preview", EXIT.refused);
  const [accept = ""] = /ROLLOUT_ACCEPT=\w+/.exec(refused) ?? [];
  const accepting = async (): Promise<Shown> => {
    operator.env.ROLLOUT_ACCEPT = accept.replace(/^.*=/, "");
    const output = await operator.run("up", EXIT.done, "--yes", "--skip-preview");
    delete operator.env.ROLLOUT_ACCEPT;
    return { typed: `${accept} npm run up`, output, keep: [RESOURCES] };
  };
  const drift = [{ typed: "npm run preview", output: refused }];
  if (!WRITES) {
    await db.query(CHANGE("GOV-DOT"));
    return { drift };
  }
  const accepted = await accepting();
  const configured = (throughTier: string): Shown => {
    operator.configure({ throughTier });
    return { typed: `npm run pulumi -- config set throughTier ${throughTier}`, output: "" };
  };
  const up = async (code: number, keep: RegExp): Promise<Shown> => {
    return { typed: "npm run up", output: await operator.run("up", code, "--yes", "--skip-preview"), keep: [keep] };
  };
  const down = [configured("2"), await up(EXIT.refused, MESSAGES), await accepting()];
  const again = [configured("3"), await up(EXIT.done, RESOURCES)];
  return { drift, "drift-accepted": [accepted], "drift-back": [...down, ...again] };
}

/** The same rollout, whose state is then lost. */
export async function lost(operator: Operator): Promise<Record<string, Shown[]>> {
  operator.loseState();
  const destroy = await operator.run("destroy", EXIT.failed, "--yes");
  const refused = await operator.run("up", EXIT.refused, "--yes", "--skip-preview");
  const [, id = ""] = /config set adopt (\S+)/.exec(refused) ?? [];
  operator.configure({ adopt: id });
  const up = await operator.run("up", EXIT.done, "--yes", "--skip-preview");
  return {
    "lost-destroy": [{ typed: "npm run destroy", output: destroy, keep: [/^The database [^]*/gm] }],
    lost: [{ typed: "npm run up", output: refused, keep: [MESSAGES] }],
    "lost-adopted": [
      { typed: `npm run pulumi -- config set adopt ${id}`, output: "" },
      { typed: "npm run up", output: up, keep: [/^ +Tier \d was applied .*$/gm, RESOURCES] },
      { typed: "npm run pulumi -- config rm adopt", output: "" },
    ],
  };
}

/** A rollout that was run by psql is taken over. */
export async function takenOver(): Promise<Record<string, Shown[]>> {
  if (!WRITES) return {};
  const db = await database("tier-6");
  const operator = operatorOn(db);
  operator.configure({ adopt: "psql" });
  const up = await operator.run("up", EXIT.done, "--yes", "--skip-preview");
  return {
    "adopt-psql": [
      { typed: "npm run pulumi -- config set adopt psql", output: "" },
      { typed: "npm run up", output: up, keep: [/^ +Tier [18] \(.*$/gm, RESOURCES] },
      { typed: "npm run pulumi -- config rm adopt", output: "" },
    ],
  };
}

/**
 * Samples that `npm run samples` alone makes: they take long, or differ with the machine. What we say in them, tests that make such
 * a run anyway hold to `sampleOf`.
 */
export const LONG = ["adopt-psql", "drift-accepted", "drift-back", "hold-budget", "lock"];
