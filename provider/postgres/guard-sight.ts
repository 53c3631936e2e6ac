import { inLine } from "../model/harmless";
import { type Blocker, DESCRIPTION } from "./blockers";
import { STRONG } from "./lock-modes";
import type { Session } from "./session";

/** A session that waits for the transaction that is watched. */
export interface Victim extends Blocker {
  /** The table that it wants to lock, or what else it waits for. */
  readonly wants: string;
  /** How long it has waited, in milliseconds. */
  readonly waited: number;
}

/** What the guard of a transaction sees at one moment. */
export interface Sight {
  /** Existing tables on which the transaction holds a strong lock. */
  readonly held: readonly string[];
  /** Who has waited for it for too long. */
  readonly victims: readonly Victim[];
  /** For whom it waits. */
  readonly blockers: readonly Blocker[];
}

/**
 * One round trip. A table that another session can see existed before the transaction, and so may be used by others. Locks are
 * read once: whoever reads them stops all others for that moment.
 */
const SIGHT = `
WITH lock AS MATERIALIZED (
  SELECT l.* FROM pg_locks l WHERE l.pid = $1 OR NOT l.granted
), other AS (
  SELECT ${DESCRIPTION}, coalesce(c.relname::text, l.locktype) AS wants,
    floor(extract(epoch FROM clock_timestamp() - l.waitstart) * 1000)::integer AS waited
  FROM lock l JOIN pg_stat_activity a ON a.pid = l.pid LEFT JOIN pg_class c ON c.oid = l.relation
  WHERE l.pid <> $1 AND NOT l.granted AND a.backend_type = 'client backend'
    AND l.waitstart < clock_timestamp() - make_interval(secs => $2::float8 / 1000) AND $1 = ANY (pg_blocking_pids(l.pid))
), blocker AS (
  SELECT ${DESCRIPTION} FROM pg_stat_activity a
  WHERE EXISTS (SELECT FROM lock WHERE pid = $1 AND NOT granted) AND a.pid = ANY (pg_blocking_pids($1)) ORDER BY a.xact_start
)
SELECT (SELECT coalesce(json_agg(DISTINCT c.relname), '[]')
        FROM lock l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE $3 AND l.pid = $1 AND l.granted AND l.locktype = 'relation' AND l.mode = ANY ($4) AND c.relkind IN ('r', 'p')
          AND n.nspname !~ '^pg_' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS held,
       (SELECT coalesce(json_agg(other), '[]') FROM other) AS victims,
       (SELECT coalesce(json_agg(blocker), '[]') FROM blocker) AS blockers`;

/** What to look for: waits of others above `patience` milliseconds, and, where they are limited, strong locks that are held. */
export interface Looking {
  readonly patience: number;
  readonly holds: boolean;
}

/** Looks at the backend `pid` from another session. */
export async function look(observer: Session, pid: number, { patience, holds }: Looking): Promise<Sight> {
  const [sight] = await observer.prepared<{ held: string[]; victims: Victim[]; blockers: Blocker[] }>("sight", SIGHT, [
    pid,
    patience,
    holds,
    STRONG,
  ]);
  return sight ? { ...sight, held: sight.held.map(inLine) } : { held: [], victims: [], blockers: [] };
}
