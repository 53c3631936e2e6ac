import type { Client } from "pg";
import { codeOf, messageOf, RolloutError } from "../model/errors";
import type { Rollout } from "../model/rollout";
import type { Session } from "./session";

/*
 * A pooler in transaction mode gives each transaction the backend that is free: settings and locks of a session are left on
 * backends that others get next. PostgreSQL tells a client the number of its backend when it connects, and a pooler
 * tells one of its own; so there is something to find out only where the two differ. One in session mode will do.
 */

/** How often the proof is tried: other clients of a busy pool may hide once that its connections are shared. */
const ROUNDS = 8;

/** What a pooler in statement mode says of BEGIN. */
const PROTOCOL_VIOLATION = "08P01";

/**
 * Refuses a connection whose backend others may get between two of its transactions, before anything is set or locked there.
 * While a second one holds a transaction open, it must never be on the first one's backend, and the first must stay on it.
 * `another` makes that second connection, not yet open.
 */
export async function requireOwnBackend(client: Client, another: () => Client, where: string): Promise<void> {
  const own = await backendOf(client);
  if ((client as unknown as { processID?: number }).processID === own.pid) return;
  const probe = another();
  probe.on("error", () => undefined);
  try {
    await probe.connect();
    for (let round = 0; round < ROUNDS; round++) {
      await probe.query("BEGIN");
      // Asked first: a pool of one connection would have none left for the other question.
      if ((await backendOf(probe)).pid === own.pid) throw shared(where, own.port);
      if ((await backendOf(client)).pid !== own.pid) throw shared(where, own.port);
      await probe.query("ROLLBACK");
    }
  } catch (error) {
    if (error instanceof RolloutError) throw error;
    throw codeOf(error) === PROTOCOL_VIOLATION ? shared(where, own.port) : notProven(where, own.port, error);
  } finally {
    await probe.end().catch(() => undefined);
  }
}

/** The number of the backend, and the port on which its server listens. */
async function backendOf(client: Client): Promise<{ pid: number; port: number | null }> {
  const { rows } = await client.query<{ pid: number; port: number | null }>(
    "SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.inet_server_port() AS port",
  );
  return rows[0] ?? { pid: 0, port: null };
}

/**
 * Makes sure, in the transaction that is open, that it runs on the backend that holds this session's rollout lock. Where it
 * does not, the lock that was left behind is freed by ending that idle backend.
 */
export async function requireOwnLock(session: Session, { lock }: Rollout): Promise<void> {
  const [row] = await session.query<{ own: boolean }>(
    `SELECT pg_backend_pid() = $3 AND EXISTS (
       SELECT FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.locktype = 'advisory' AND l.classid = $1 AND l.objid = $2
         AND l.objsubid = 2 AND l.granted) AS own`,
    [...lock, session.pid],
  );
  if (row?.own) return;
  await session.query("ROLLBACK").catch(() => undefined);
  // Only while nobody works on it: a pooler opens another one then.
  const free = `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid
    WHERE a.pid = $3 AND a.pid <> pg_backend_pid() AND a.state = 'idle' AND l.locktype = 'advisory' AND l.classid = $1 AND l.objid = $2`;
  await session.query(free, [...lock, session.pid]).catch(() => undefined);
  throw shared(session.target.database);
}

function shared(where: string, port: number | null = null): RolloutError {
  return new RolloutError(
    `The connection to ${where} goes through a pooler that gives the session's backend to others between its transactions ` +
      `(pool mode transaction or statement): a rollout's lock and settings would be left there. Nothing was changed. ` +
      `Connect to the server's own port${port === null ? "" : ` (${port})`}, or to a pool in session mode.`,
    undefined,
    { failed: "configuration" },
  );
}

function notProven(where: string, port: number | null, cause: unknown): RolloutError {
  return new RolloutError(
    `The connection to ${where} goes through a pooler, and a second connection could not prove that it is in session mode: ` +
      `${messageOf(cause)}. Nothing was changed. Connect to the server's own port${port === null ? "" : ` (${port})`}, or give ` +
      `the pool at least three connections.`,
    codeOf(cause),
    { cause, failed: "configuration" },
  );
}
