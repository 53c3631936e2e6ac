import { inLine } from "../model/harmless";
import type { Reading, Readings } from "../model/rollout";
import type { Session } from "./session";

/**
 * Takes readings: all that the probe knows, or only `names`, in which case the others are not even computed.
 * One round trip. A name that the probe does not know is null, hence a stop for whoever judges it.
 */
export async function takeReadings(session: Session, probe: string, names?: readonly string[]): Promise<Readings> {
  const rows = await session.prepared<{ reading: string; value: string | null }>(
    "readings",
    `SELECT reading, value FROM (\n${probe}\n) AS probe (reading, value) WHERE $1::text[] IS NULL OR reading = ANY ($1)`,
    [names ?? null],
  );
  const readings: Record<string, Reading> = {};
  for (const name of names ?? []) readings[name] = null;
  for (const { reading, value } of rows) readings[reading] = parseReading(value);
  return readings;
}

/**
 * What the probe tells beside the values of these readings, by name: whom a number counts, for one. It may differ from one
 * moment to the next, so it is for people at once, never for a report. A probe need not tell anything.
 */
export async function takeTold(
  session: Session,
  probe: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (!names.length) return new Map();
  const rows = await session.query<{ reading: string; told: string }>(
    `SELECT reading, told FROM (
       SELECT probe.reading, to_jsonb(probe.*) ->> 'told' AS told FROM (\n${probe}\n) AS probe (reading, value) WHERE probe.reading = ANY ($1)
     ) AS asked WHERE told IS NOT NULL`,
    [names],
  );
  return new Map(rows.map(({ reading, told }) => [reading, inLine(told)]));
}

/** Numbers as numbers, everything else as it can be shown. */
export function parseReading(value: string | null): Reading {
  return value !== null && /^-?\d{1,15}$/.test(value) ? Number(value) : value && inLine(value);
}
