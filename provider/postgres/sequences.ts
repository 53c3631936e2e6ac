import { inLine } from "../model/harmless";
import type { Session } from "./session";

/** Positions of sequences by name; null for one that was never used or may not be read. */
export type Positions = ReadonlyMap<string, string | null>;

const POSITIONS = `
  SELECT s.relnamespace::regnamespace || '.' || s.relname AS name,
    CASE WHEN has_sequence_privilege(s.oid, 'SELECT, USAGE') THEN pg_sequence_last_value(s.oid)::text END AS position
  FROM pg_depend d JOIN pg_class s ON s.oid = d.objid JOIN pg_class t ON t.oid = d.refobjid
  WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    AND s.relkind = 'S' AND t.relnamespace::regnamespace || '.' || t.relname = ANY ($1)`;

/**
 * Reads the positions of the sequences that belong to these tables. No transaction takes them back, so a rehearsal can only report how far
 * it moved them; all others are moved by the application meanwhile.
 */
export async function sequencePositions(session: Session, tables: readonly string[]): Promise<Positions> {
  const rows = await session.query<{ name: string; position: string | null }>(POSITIONS, [tables]);
  return new Map(rows.map(({ name, position }) => [name, position]));
}

/** Sequences that stand elsewhere than before, in words. */
export function movedSequences(before: Positions, after: Positions): string[] {
  return [...after]
    .filter(([name, position]) => before.has(name) && before.get(name) !== position)
    .map(([name, position]) => `${inLine(name)} ${before.get(name) ?? "unused"} → ${position ?? "unused"}`);
}
