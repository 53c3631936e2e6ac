/**
 * What of the application the rollout's SQL touches, read from the SQL itself. Every file writes relations of schema public
 * with their schema, in queries and in the texts of DO blocks alike, so a word after `public.` is one.
 */
import fs from "node:fs";
import path from "node:path";

const ROOT = path.resolve(__dirname, "..");
const READINGS = "sql/common/readings.sql";

/** Relations that some reading reads. */
export function readByReadings(): string[] {
  return relationsIn(sqlOf(READINGS));
}

/** Relations that tiers, rollbacks or verification name. */
export function namedByTiers(): string[] {
  return unique(
    ["sql/prod", "sql/prod_rollback", "sql/prod_verify"].flatMap(filesOf).flatMap((file) => relationsIn(sqlOf(file))),
  );
}

/** Relations of one reading. Throws when there is no such reading, or when it reads none. */
export function readBy(reading: string): string[] {
  const paragraph = sqlOf(READINGS)
    .split(/\n\s*\n/)
    .find((text) => (/^\s*([\w, ]+):\s*$/m.exec(text)?.[1] ?? "").split(/,\s*/).includes(reading));
  const relations = relationsIn(paragraph ?? "");
  if (!relations.length) throw new Error(`${READINGS} has no reading ${reading} of a relation of schema public.`);
  return relations;
}

/** Tables to which a foreign key of Tier 1 points. */
export function referencedBy(file: string): string[] {
  return unique(matches(sqlOf(file), /\bREFERENCES (public\.\w+)/g));
}

/** Tables of which the SQL draws a key by hand, for which it needs the sequence itself. */
export function drawnFrom(file: string): string[] {
  return unique(matches(sqlOf(file), /\bpg_get_serial_sequence\('(public\.\w+)'/g));
}

function relationsIn(sql: string): string[] {
  return unique(matches(sql, /\b(public\.\w+)/g));
}

/** A file's SQL without its comments; a line of comment alone leaves no empty line behind. */
function sqlOf(file: string): string {
  return fs.readFileSync(path.join(ROOT, file), "utf8").replace(/^\s*--.*\n|--.*$/gm, "");
}

function filesOf(folder: string): string[] {
  return fs
    .readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith(".sql"))
    .map((name) => `${folder}/${name}`);
}

function matches(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, found = ""]) => found);
}

function unique(names: readonly string[]): string[] {
  return Array.from(new Set(names)).sort();
}
