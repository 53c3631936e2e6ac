import type { Changes } from "../model/delta";
import type { Finding } from "../model/findings";
import type { Snapshot } from "./catalog-snapshot";
import type { Session } from "./session";

/** What a table or a sequence says of itself at one moment, whatever the server's counters say. */
export interface Tally {
  readonly object: string;
  /** The table that is meant, or that the sequence belongs to. */
  readonly table: string;
  /** Of a table its rows, of a sequence the numbers that are used up. */
  readonly total: number;
  /** Of a table the rows that this transaction wrote; of a sequence how many numbers a session takes at once. */
  readonly part: number;
}

const SEQUENCES = `
SELECT 'sequence ' || s.relnamespace::regnamespace || '.' || s.relname AS object, o.relnamespace::regnamespace || '.' || o.relname AS table,
  ((coalesce(pg_sequence_last_value(s.oid), q.seqstart - q.seqincrement) - q.seqstart) / q.seqincrement)::float8 AS total, q.seqcache::float8 AS part
FROM pg_depend d JOIN pg_class s ON s.oid = d.objid JOIN pg_sequence q ON q.seqrelid = s.oid JOIN pg_class o ON o.oid = d.refobjid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  AND d.refobjid = ANY ($1::regclass[]) AND CASE s.relkind WHEN 'S' THEN has_sequence_privilege(s.oid, 'SELECT, USAGE') ELSE false END`;

/** A login that cannot switch counting off is believed by its counters: then no table is read for this. */
const COULD_HIDE = "has_parameter_privilege(session_user, 'track_counts', 'SET')";

/**
 * Tallies of the tables named, as far as they are there, and of their sequences, in one round trip. Ages count from this
 * transaction: its own rows have none.
 */
export async function takeTallies(
  session: Session,
  tables: readonly string[],
  { objects }: Snapshot,
): Promise<readonly Tally[]> {
  const present = tables.filter((table) => objects.has(`table ${table}`));
  if (!present.length) return [];
  const selects = present.map(
    (table) => `SELECT 'table ${table}', '${table}', count(*)::float8, (count(*) FILTER (WHERE age(xmin) <= 0))::float8
      FROM ${table} WHERE ${COULD_HIDE} HAVING ${COULD_HIDE}`,
  );
  return session.query<{ object: string; table: string; total: number; part: number }>(
    [SEQUENCES, ...selects].join("\nUNION ALL\n"),
    [present],
  );
}

/** What moved between two tallies beyond the rows that were counted as inserted. */
export function hiddenFindings(before: readonly Tally[], after: readonly Tally[], { rows }: Changes): Finding[] {
  return before
    .filter(({ object, table, total, part }) => {
      const now = after.find((each) => each.object === object);
      const { inserted = 0, updated = 0, deleted = 0 } = rows.get(table) ?? {};
      // What was updated or deleted is told by its counters already, and a dropped object as such.
      if (!now || updated || deleted) return false;
      if (object.startsWith("table ")) return now.total - total !== inserted || now.part - part !== inserted;
      return now.total < total || now.total - total > inserted + part - 1;
    })
    .map(({ object }): Finding => ({ is: "undeclared touch", object }));
}
