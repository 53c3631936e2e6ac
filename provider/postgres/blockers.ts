import { inLine } from "../model/harmless";
import type { Session } from "./session";

/** A session that is in the way. Age in seconds since its transaction began. */
export interface Blocker {
  readonly pid: number;
  readonly user: string | null;
  readonly application: string | null;
  readonly state: string | null;
  readonly age: number | null;
  readonly query: string | null;
}

const DESCRIPTION = `a.pid, a.usename AS "user", a.application_name AS application, a.state,
  extract(epoch FROM clock_timestamp() - a.xact_start)::integer AS age, left(regexp_replace(a.query, '\\s+', ' ', 'g'), 120) AS query`;

/** Who blocks the backend `pid` now. Ask on a second connection: the blocked one cannot answer. */
export async function blockersOf(session: Session, pid: number): Promise<Blocker[]> {
  return session.query<Blocker>(
    `SELECT ${DESCRIPTION} FROM pg_stat_activity a WHERE a.pid = ANY (pg_blocking_pids($1)) ORDER BY a.xact_start`,
    [pid],
  );
}

/** Who holds the rollout's advisory lock. */
export async function lockHolders(session: Session, [classid, objid]: readonly [number, number]): Promise<Blocker[]> {
  return session.query<Blocker>(
    `SELECT ${DESCRIPTION} FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'advisory' AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2 AND l.granted
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.pid <> pg_backend_pid()`,
    [classid, objid],
  );
}

/** One blocker in one line. */
export function describeBlocker({ pid, user, application, state, age, query }: Blocker): string {
  const since = age === null ? "" : ` for ${age} s`;
  return inLine(
    `pid ${pid}, user ${user ?? "?"}, application "${application ?? ""}", ${state ?? "?"}${since}: ${query ?? "?"}`,
  );
}

/** All blockers in one line, or that none is known any more. */
export function describeBlockers(blockers: readonly Blocker[]): string {
  return blockers.length ? blockers.map(describeBlocker).join(" | ") : "no longer there when asked";
}
