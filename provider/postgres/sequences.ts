import { inLine } from "../model/harmless";
import type { Session } from "./session";

/** Positions of all sequences by name; null for one that was never used or may not be read. */
export type Positions = ReadonlyMap<string, string | null>;

/** Reads the positions. No transaction takes them back, so a rehearsal can only report how far it moved them. */
export async function sequencePositions(session: Session): Promise<Positions> {
  const rows = await session.query<{ name: string; position: string | null }>(
    "SELECT schemaname || '.' || sequencename AS name, last_value::text AS position FROM pg_sequences",
  );
  return new Map(rows.map(({ name, position }) => [name, position]));
}

/** Sequences that stand elsewhere than before, in words. */
export function movedSequences(before: Positions, after: Positions): string[] {
  return [...after]
    .filter(([name, position]) => before.has(name) && before.get(name) !== position)
    .map(([name, position]) => `${inLine(name)} ${before.get(name) ?? "unused"} → ${position ?? "unused"}`);
}
