import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Reading, Readings, Rollout } from "./rollout";
import type { Session } from "./session";
import { normalise } from "./script";

/** The probe's text without its closing semicolon, ready to be a subquery. */
export async function loadProbe(root: string, rollout: Rollout): Promise<string> {
  const text = normalise(await readFile(path.join(root, rollout.probe), "utf8"));
  return text.trimEnd().replace(/;$/, "");
}

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

/** Numbers as numbers, everything else as it is. */
export function parseReading(value: string | null): Reading {
  return value !== null && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
}

/** A reading as it is shown: null means that it could not be measured. */
export function show(reading: Reading | undefined): string {
  return reading === null || reading === undefined ? "not measured" : String(reading);
}
