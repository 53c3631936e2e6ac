import type { Client } from "pg";
import { codeOf, RolloutError } from "../model/errors";
import type { Rollout } from "../model/rollout";
import type { Session } from "./session";

/*
 * A pooler in transaction mode gives each transaction the backend that is free: settings and locks of a session are left on
 * backends that others get next. PostgreSQL tells a client the number of its backend when it connects, and a pooler
 * tells one of its own; so there is something to find out only where the two differ. One in session mode will do.
 */

/** How many transactions are held open at once to see whose backend they get. A pooler hands out the last used one first. */
const PROBES = 3;

/** What a pooler in statement mode says of BEGIN. */
const PROTOCOL_VIOLATION = "08P01";

/**
 * Refuses a connection whose backend others may get between two of its transactions, before anything is set or locked there.
 * `another` makes a further connection of the same kind, not yet open.
 */
export async function requireOwnBackend(client: Client, another: () => Client, where: string): Promise<void> {
  const own = await backendOf(client);
  if ((client as unknown as { processID?: number }).processID === own) return;
  const probes: Client[] = [];
  try {
    for (let count = 0; count < PROBES; count++) {
      const probe = another();
      probe.on("error", () => undefined);
      probes.push(probe);
      await probe.connect();
      await probe.query("BEGIN");
      if ((await backendOf(probe)) === own || (await backendOf(client)) !== own) throw shared(where);
    }
  } catch (error) {
    throw codeOf(error) === PROTOCOL_VIOLATION ? shared(where) : error;
  } finally {
    await Promise.all(probes.map((probe) => probe.end().catch(() => undefined)));
  }
}

async function backendOf(client: Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_catalog.pg_backend_pid() AS pid");
  return rows[0]?.pid;
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

function shared(where: string): RolloutError {
  return new RolloutError(
    `The connection to ${where} goes through a pooler that gives the session's backend to others between its transactions ` +
      `(pool mode transaction or statement): a rollout's lock and settings would be left there. Nothing was changed. ` +
      `Connect to the server's own port (5432 unless it was changed), or to a pool in session mode.`,
  );
}
