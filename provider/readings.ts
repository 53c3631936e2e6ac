import type { Reading, Readings, Rollout } from "./rollout";
import type { Session } from "./session";
import { expand, textOf } from "./script";

/**
 * The probe's SELECT without its closing semicolon, ready to be a subquery. What the probe SETs before it, its list of
 * readings, takes the place of the settings in the SELECT: it stays one question of one round trip.
 */
export async function loadProbe(root: string, rollout: Rollout): Promise<string> {
  // How psql is to print is nothing to us.
  const text = textOf(await expand(root, rollout.probe)).replace(/^\\set QUIET on\n/m, "");
  const setting = /^SET ([\w.]+) = (\$\w+\$)[^]*?\2;\n/gm;
  let probe = text.replaceAll(setting, "").trim().replace(/;$/, "");
  // Last first: the readings themselves speak of what was set before them.
  for (const [statement, name = "", quote = ""] of [...text.matchAll(setting)].reverse()) {
    const value = statement.slice(statement.indexOf(quote)).replace(/;\n$/, "");
    probe = probe.replaceAll(`current_setting('${name}')`, () => value);
  }
  return probe;
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
