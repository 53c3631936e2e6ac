import type { Session } from "./session";

/** Modes, as pg_locks names them, that make an application's reads or writes of a table wait. */
export const STRONG: readonly string[] = ["ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"];

/** How many strong locks this session holds on these tables. */
export async function strongLocks(session: Session, tables: readonly string[]): Promise<number> {
  const found = await session.query(
    `SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted AND mode = ANY ($2)
       AND relation = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)`,
    [tables, STRONG],
  );
  return found.length;
}
