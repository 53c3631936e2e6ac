import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { inLine } from "../../provider/model/harmless";
import type { TestDatabase } from "../../test/support/database/database";
import { findBinaries } from "../../test/support/database/server";

const run = promisify(execFile);

/** How long a report takes, in seconds. */
const REPORT_S = 14;

/** How long a dump goes on, in seconds. A small database's own one is over before a command has begun: then there is another. */
const DUMP_S = 14;

/** Milliseconds between two rounds of VACUUM. */
const VACUUM_MS = 500;

/** How long a companion has before the command starts, in milliseconds: its locks are to be there first. */
const HEAD_START_MS = 300;

/** How many Flows run at once, and how long each has its transaction wait for something else, in milliseconds. */
const FLOWS = 5;
const FLOW_MS = 1_500;

/** Something else that a living database does beside us; it ends by itself, at the latest soon after `ended` says so. */
type Companion = (db: TestDatabase, ended: () => boolean) => Promise<void>;

/** By the name that `--beside` takes. */
export const COMPANIONS: Readonly<Record<string, Companion>> = {
  dump,
  flows: async (db, ended) => {
    await Promise.all(Array.from({ length: FLOWS }, (_, index) => flow(db, index, ended)));
  },
  // One long look at what the rollout touches.
  report: (db) => alone(db, "bench report", [`SELECT count(*), pg_sleep(${REPORT_S}) FROM v_object_owner_gap`]),
  vacuum: async (db, ended) => {
    while (!ended()) {
      await alone(db, "bench vacuum", ["VACUUM (ANALYZE) governance_registry, collection_registry, entity_labels"]);
      await sleep(VACUUM_MS);
    }
  },
};

/** Does `work` with these companions beside it; gives what it gave once they have ended too. */
export async function beside<T>(names: readonly string[], db: TestDatabase, work: () => Promise<T>): Promise<T> {
  let done = false;
  const running = Promise.all(
    names.map((name) =>
      COMPANIONS[name]?.(db, () => done).catch((error: unknown) => {
        console.log(`  The ${name} beside it failed: ${inLine(String(error))}`);
      }),
    ),
  );
  if (names.length) await sleep(HEAD_START_MS);
  try {
    return await work();
  } finally {
    done = true;
    await running;
  }
}

/** Has written an agency of its own or read some, and idles in its transaction, as an item's filter Flow that calls another service does. */
async function flow(db: TestDatabase, index: number, ended: () => boolean): Promise<void> {
  const code = `GOV-FLOW-${index}`;
  const work = index
    ? "SELECT count(*) FROM governance_registry"
    : `INSERT INTO governance_registry (code, name, agency_kind) VALUES ('${code}', 'Flow', 'operator')`;
  const client = await db.connect();
  try {
    await client.query("SET application_name = 'bench flow'");
    while (!ended()) {
      await client.query("BEGIN");
      await client.query(work);
      await sleep(FLOW_MS);
      await client.query("ROLLBACK");
      await sleep(FLOW_MS);
    }
  } finally {
    await client.end();
  }
}

/** pg_dump, or where there is none for this server what its locks and its snapshot are. */
async function dump(db: TestDatabase, ended: () => boolean): Promise<void> {
  const program = await findDump(db);
  if (program) {
    const enough = performance.now() + DUMP_S * 1000;
    do await run(program, ["-f", "/dev/null", db.url]);
    while (!ended() && performance.now() < enough);
    return;
  }
  const tables = await db.value<string>(
    "SELECT string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
  );
  await alone(db, "pg_dump, played", [
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    `LOCK TABLE ${tables} IN ACCESS SHARE MODE`,
    `SELECT pg_sleep(${DUMP_S})`,
    "COMMIT",
  ]);
}

/** The server's own pg_dump or that of the PATH, unless it is older than the server, which it refuses then. */
async function findDump(db: TestDatabase): Promise<string | undefined> {
  const own = path.join(findBinaries().bin, "pg_dump");
  const program = existsSync(own) ? own : "pg_dump";
  const { stdout } = await run(program, ["--version"]).catch(() => ({ stdout: "" }));
  const major = Number(/ (\d+)/.exec(stdout)?.[1] ?? 0);
  const server = Math.floor((await db.value<number>("SELECT current_setting('server_version_num')::integer")) / 10_000);
  return major >= server ? program : undefined;
}

/** Statements on a connection of their own. */
async function alone(db: TestDatabase, name: string, statements: readonly string[]): Promise<void> {
  const client = await db.connect();
  try {
    await client.query(`SET application_name = '${name}'`);
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
