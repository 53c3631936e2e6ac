import { inLine } from "../model/harmless";
import type { Session } from "./session";

/** A session that is in the way. Age in seconds: of its idling where it idles, else of its transaction. */
export interface Blocker {
  readonly pid: number;
  readonly user: string | null;
  readonly application: string | null;
  readonly state: string | null;
  readonly age: number | null;
  readonly query: string | null;
}

/** The columns of a blocker, of pg_stat_activity as `a`. */
export const DESCRIPTION = `a.pid, a.usename AS "user", a.application_name AS application, a.state,
  extract(epoch FROM clock_timestamp() - CASE WHEN a.state LIKE 'idle%' THEN a.state_change ELSE coalesce(a.xact_start, a.state_change) END)::integer AS age, left(regexp_replace(a.query, '\\s+', ' ', 'g'), 120) AS query`;

/** Who blocks the backend `pid` now. Ask on a second connection: the blocked one cannot answer. */
export async function blockersOf(session: Session, pid: number): Promise<Blocker[]> {
  return session.query<Blocker>(
    `SELECT ${DESCRIPTION} FROM pg_stat_activity a WHERE a.pid = ANY (pg_blocking_pids($1)) ORDER BY a.xact_start`,
    [pid],
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
