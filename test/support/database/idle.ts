import type { Client } from "pg";
import type { TestDatabase } from "./database";

/** For how long a session has to idle before it counts, in seconds, and what a loaded machine may take to look. */
const GRACE_S = 5.2;

/** A session of the application, as it stands idle in a transaction. */
export interface Idle {
  pid: number;
  client: Client;
}

export interface Idler {
  /** What it has run since BEGIN. */
  sql?: string;
  user?: string;
  application?: string;
}

/** Opens a session that begins, runs its SQL and then does nothing. */
export async function idle(db: TestDatabase, { sql = "SELECT 1", user, application = "" }: Idler = {}): Promise<Idle> {
  const client = await db.connect(user);
  await client.query("SELECT set_config('application_name', $1, false)", [application]);
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  await client.query("BEGIN");
  await client.query(sql);
  return { pid: rows[0].pid, client };
}

/** Lets the grace pass. */
export async function grace(db: TestDatabase): Promise<void> {
  await db.query(`SELECT pg_sleep(${GRACE_S})`);
}

/** What a Flow of the application holds while it waits for something else: nothing that a rollout needs. */
export const HARMLESS: readonly string[] = [
  "SELECT count(*) FROM v_object_owner_gap",
  "UPDATE dot_tools SET id = id",
  "INSERT INTO governance_relations SELECT * FROM governance_relations LIMIT 0",
  "SELECT FROM taxonomy FOR UPDATE",
  "SELECT count(*) FROM entity_labels",
];
