import { Client, type QueryResultRow } from "pg";
import { atEnd } from "../clean-up";
import { baselineFiles, text, tierFile, TIERS } from "./files";
import { psql, type PsqlResult, type Settings } from "./psql";
import { serverPort, urlOf } from "./server";

/** The request that the baseline's council has approved. */
export const RATIFIED = "APR-0211";

/** What a database holds: nothing, the baseline, the baseline with the human approval, or the tiers up to a number. */
export type State = "empty" | "unsigned" | "signed" | `tier-${(typeof TIERS)[number]}`;

const STATES: State[] = ["empty", "unsigned", "signed", ...TIERS.map((tier): State => `tier-${tier}`)];

export interface TestDatabase {
  name: string;
  url: string;
  query<Row extends QueryResultRow = QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Each row as its values, in the order of the columns. */
  rows(sql: string): Promise<unknown[][]>;
  /** The only column of the only row. */
  value<Value = unknown>(sql: string): Promise<Value>;
  psql(args: readonly string[], settings?: Settings): Promise<PsqlResult>;
  /** Runs a file with psql and the ratified request, as the runbook says. */
  file(path: string, settings?: Settings): Promise<PsqlResult>;
  /** A further connection, closed with the database. */
  connect(user?: string): Promise<Client>;
  /** Drops it; a second time does nothing. */
  drop: () => Promise<void>;
}

let copies = 0;

/** A database of its own in the given state, dropped after the last test of the file. */
export async function database(state: State = "signed"): Promise<TestDatabase> {
  const db = await newDatabase(state);
  atEnd(db.drop);
  return db;
}

/** The same for the length of one use, whatever its end. */
export async function withDatabase<Result>(state: State, use: (db: TestDatabase) => Promise<Result>): Promise<Result> {
  const db = await newDatabase(state);
  try {
    return await use(db);
  } finally {
    await db.drop();
  }
}

/** Copied from a template that this worker builds once. */
async function newDatabase(state: State): Promise<TestDatabase> {
  await template(state);
  return copy(templateName(state), `test_${process.pid}_${Date.now()}_${++copies}`);
}

/** A copy under a name of the caller's choice. */
export async function copy(source: string, name: string): Promise<TestDatabase> {
  // The guard wants the name `directus`; a copy says its own name, as a clone of production would.
  await admin(createFrom(source, name), `ALTER DATABASE ${name} SET one_roof.database = '${name}'`);
  return open(name, urlOf(await serverPort(), name));
}

/** Its files are copied as they are: to write each page into the log, too, takes twice the time. */
export function createFrom(template: string, name: string): string {
  return `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`;
}

export function templateName(state: State): string {
  return `template_${state.replace("-", "_")}`;
}

async function open(name: string, url: string): Promise<TestDatabase> {
  const clients: Client[] = [];
  const connect = async (user = "postgres") => {
    const client = new Client(url.replace("//postgres@", `//${user}@`));
    client.on("error", () => undefined);
    await client.connect();
    // A test that forgets to drop its database must not keep jest from ending.
    (client as unknown as { unref(): void }).unref();
    clients.push(client);
    return client;
  };
  const own = await connect();
  const query = async <Row extends QueryResultRow>(sql: string, values?: unknown[]) =>
    (await own.query<Row>(sql, values)).rows;
  const run = (args: readonly string[], settings?: Settings) => psql(url, args, settings);
  return {
    name,
    url,
    query,
    connect,
    rows: async (sql) => lastOf(await own.query<unknown[]>({ text: sql, rowMode: "array" })).rows,
    value: async <Value>(sql: string) => Object.values((await query(sql))[0])[0] as Value,
    psql: run,
    file: (path, settings = {}) =>
      run(["-v", `ratified_apr=${RATIFIED}`, "-f", path], { "one_roof.ratified_apr": RATIFIED, ...settings }),
    drop: async () => {
      await Promise.all(clients.map((client) => client.end()));
      await admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** The result of the last of several statements. */
export function lastOf<Result>(results: Result | Result[]): Result {
  return [results].flat().at(-1) as Result;
}

/** Builds the state and all before it, each a copy of the one before. A half-built template never gets the name. */
async function template(state: State): Promise<void> {
  const name = templateName(state);
  const [{ count }] = await admin(`SELECT count(*)::int FROM pg_database WHERE datname = '${name}'`);
  if (count === 1) return;
  const before = STATES.slice(0, STATES.indexOf(state)).at(-1);
  if (before) await template(before);
  const building = `${name}_building`;
  await admin(`DROP DATABASE IF EXISTS ${building}`, createFrom(before ? templateName(before) : "template0", building));
  await apply(building, scripts(state));
  await admin(`ALTER DATABASE ${building} RENAME TO ${name}`);
}

function scripts(state: State): string[] {
  if (state === "empty") return [];
  if (state === "unsigned") return baselineFiles();
  if (state === "signed") return ["sql/baseline/sign.sql"];
  return [tierFile(Number(state.slice("tier-".length)))];
}

async function apply(name: string, files: string[]): Promise<void> {
  const client = new Client(urlOf(await serverPort(), name));
  await client.connect();
  try {
    await client.query(`SET one_roof.database = '${name}'; SET one_roof.ratified_apr = '${RATIFIED}'`);
    for (const file of files) {
      await client.query(text(file)).catch((error: unknown) => {
        throw new Error(`${file}: ${String(error)}`, { cause: error });
      });
    }
  } finally {
    await client.end();
  }
}

async function admin(...statements: string[]): Promise<QueryResultRow[]> {
  const client = new Client(urlOf(await serverPort(), "postgres"));
  await client.connect();
  try {
    let rows: QueryResultRow[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}
