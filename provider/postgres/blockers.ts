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
  /** When its transaction began, as the server prints it: it tells that transaction from a later one of the same session. */
  readonly since: string | null;
}

/** The columns of a blocker, of pg_stat_activity as `a`. */
export const DESCRIPTION = `a.pid, a.usename AS "user", a.application_name AS application, a.state,
  extract(epoch FROM clock_timestamp() - CASE WHEN a.state LIKE 'idle%' THEN a.state_change ELSE coalesce(a.xact_start, a.state_change) END)::integer AS age, left(regexp_replace(a.query, '\\s+', ' ', 'g'), 120) AS query,
  a.xact_start::text AS since`;

/** Whether one of them, at least, is still in the transaction in which it was seen. */
export async function someAreThere(observer: Session, blockers: readonly Blocker[]): Promise<boolean> {
  // A transaction is shown of other sessions what it saw first.
  await observer.query("SELECT pg_stat_clear_snapshot()");
  const found = await observer.query(
    `SELECT FROM unnest($1::integer[], $2::text[]) AS seen (pid, since)
     JOIN pg_stat_activity a ON a.pid = seen.pid AND a.xact_start::text = seen.since`,
    [blockers.map(({ pid }) => pid), blockers.map(({ since }) => since)],
  );
  return found.length > 0;
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

/** Who is in the way, to be told after what was refused; nothing where nobody was seen. */
export function heldBy(blockers: readonly Blocker[]): string {
  return blockers.length ? ` Held by ${describeBlockers(blockers)}.` : "";
}
