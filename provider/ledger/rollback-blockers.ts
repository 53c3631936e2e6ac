import type { Context } from "../context";
import { declaredObjects } from "../model/delta";
import { RolloutError } from "../model/errors";
import { inLine } from "../model/harmless";
import type { ObjectNames, Rollout, TierDeclaration } from "../model/rollout";
import type { Snapshot } from "../postgres/catalog-snapshot";
import { ACCEPT, acceptance, isAccepted } from "./acceptance";
import { findDrift } from "./drift";
import type { SeedRow } from "./fingerprint";
import type { Held } from "./record";

/** What keeps a tier from being rolled back. */
export interface RollbackBlockers {
  /** Would be lost with the rollback: goes on when exactly this list is accepted. */
  readonly dataLoss: readonly string[];
  /** Belongs to others and refers to ours: must be removed by whom it belongs to. */
  readonly dependents: readonly string[];
}

/** How many rows of one table are listed one by one. */
const LISTED = 20;

/** Where a rollback is judged; a whole run's context will do. */
type Scope = Pick<Context, "session"> & { readonly release: Pick<Context["release"], "rollout"> };

/**
 * Everything that keeps a tier from being rolled back, measured before the rollback begins: how it differs from what it is held to, and
 * what others have put into its tables or built on what is its own.
 */
export async function findRollbackBlockers(
  scope: Scope,
  tier: TierDeclaration,
  held: Held,
  snapshot: Snapshot,
): Promise<RollbackBlockers> {
  const drift = await findDrift(scope.session, held.declaration, held.recorded, snapshot);
  return {
    dataLoss: [...drift, ...(await foreignRows(scope, tier, snapshot))],
    dependents: [...(await foreignReferences(scope, tier, snapshot)), ...(await foreignObjects(scope, tier))],
  };
}

/** SQL condition that is true for a row that some tier of the rollout wrote. */
function ours({ tiers }: Rollout, table: string): string {
  const conditions = tiers.flatMap(({ delta }) => delta.rows[table]?.own ?? []);
  return conditions.length ? conditions.map((own) => `(${own})`).join(" OR ") : "false";
}

/** Rows in tables that the rollback drops, which no tier is known to have written: they would go with the table. */
async function foreignRows(
  { session, release: { rollout } }: Scope,
  { delta }: TierDeclaration,
  { objects }: Snapshot,
): Promise<string[]> {
  const operational = new Set(
    rollout.tiers.flatMap(({ delta: { rows } }) => Object.keys(rows).filter((table) => rows[table]?.operational)),
  );
  const dropped = (delta.objects.table ?? []).filter(
    (table) => objects.has(`table ${table}`) && !operational.has(table),
  );
  const found: string[] = [];
  for (const table of dropped) {
    const others = `${table} t WHERE (${ours(rollout, table)}) IS NOT TRUE`;
    const rows = await session.query<FoundRow>(
      `SELECT to_jsonb(t) AS row, (SELECT count(*)::integer FROM ${others}) AS all,
              (SELECT md5(string_agg(md5(t::text), '' ORDER BY md5(t::text) COLLATE "C")) FROM ${others}) AS hash
       FROM ${others} ORDER BY t::text LIMIT ${LISTED}`,
    );
    found.push(...listRows(`${table} holds a row of others, which would be lost`, rows));
  }
  return found;
}

interface FoundRow {
  row: SeedRow;
  all: number;
  /** Of all rows, so that who accepts the list accepts also what it does not show. */
  hash?: string;
}

interface Reference {
  name: string;
  referrer: string;
  referred: string;
  columns: string[];
  keys: string[];
}

/** Rows of others whose foreign key points to one of this tier's own rows. */
async function foreignReferences(
  { session, release: { rollout } }: Scope,
  { delta }: TierDeclaration,
  { objects }: Snapshot,
): Promise<string[]> {
  const tables = Object.keys(delta.rows).filter((table) => objects.has(`table ${table}`));
  if (!tables.length) return [];
  const references = await session.query<Reference>(REFERENCES, [tables]);
  const found: string[] = [];
  for (const { name, referrer, referred, columns, keys } of references) {
    const match = columns.map((column, index) => `r."${column}" = p."${keys[index] ?? ""}"`).join(" AND ");
    const rows = await session.query<FoundRow>(
      `SELECT to_jsonb(r) AS row, count(*) OVER ()::integer AS all
       FROM (SELECT * FROM ${referrer} WHERE (${ours(rollout, referrer)}) IS NOT TRUE) r
       JOIN (SELECT * FROM ${referred} WHERE ${delta.rows[referred]?.own ?? "false"}) p ON ${match} LIMIT ${LISTED}`,
    );
    found.push(...listRows(`${referrer} holds a row of others that refers to ${referred} (${name})`, rows));
  }
  return found;
}

const REFERENCES = `
SELECT k.conname AS name,
       (SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = k.conrelid) AS referrer,
       (SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = k.confrelid) AS referred,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, n)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY u.n) AS columns,
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u (attnum, n)
             JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum ORDER BY u.n) AS keys
FROM pg_constraint k
WHERE k.contype = 'f' AND k.confrelid = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
ORDER BY k.conrelid::regclass::text, k.conname`;

/** Objects of others that were built on the objects that the rollback drops. */
async function foreignObjects({ session, release: { rollout } }: Scope, { delta }: TierDeclaration): Promise<string[]> {
  const declared = declaredObjects(delta);
  if (!declared.length) return [];
  const all = rollout.tiers.map((tier) => tier.delta.objects);
  const rows = await session.query<{ dependent: string; referred: string }>(DEPENDENTS, [
    ...namesOf([delta.objects]),
    ...namesOf(all),
  ]);
  return rows.map(({ dependent, referred }) => inLine(`${dependent} depends on ${referred}`));
}

/** Relations, and functions without their arguments. */
function namesOf(objects: readonly ObjectNames[]): [relations: string[], functions: string[]] {
  return [
    objects.flatMap(({ table = [], view = [] }) => [...table, ...view]),
    objects.flatMap((each) => (each.function ?? []).map((name) => name.replace(/\((.*)\)$/, ""))),
  ];
}

/*
 * A view depends on what it reads through its rule; a foreign key through its constraint. What belongs to one of our
 * own objects (indexes, own rules, own constraints) is no dependent, nor is what another tier has made: later ones go first.
 */
const named = (relations: string, functions: string) => `
  SELECT 'pg_class'::regclass::oid AS classid, to_regclass(name)::oid AS objid FROM unnest(${relations}::text[]) AS name
  UNION ALL
  SELECT 'pg_proc'::regclass, p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname || '.' || p.proname = ANY (${functions}::text[])
  UNION ALL
  SELECT 'pg_type'::regclass, t.oid FROM pg_type t WHERE t.typrelid = ANY (SELECT to_regclass(name) FROM unnest(${relations}::text[]) AS name)`;
const DEPENDENTS = `
WITH ours AS (${named("$1", "$2")}
), all_ours AS (${named("$3", "$4")}
), dependent AS (
  SELECT DISTINCT
    CASE d.classid WHEN 'pg_rewrite'::regclass THEN 'pg_class'::regclass::oid WHEN 'pg_constraint'::regclass THEN 'pg_class'::regclass::oid
      WHEN 'pg_trigger'::regclass THEN 'pg_class'::regclass::oid ELSE d.classid END AS classid,
    CASE d.classid WHEN 'pg_rewrite'::regclass THEN (SELECT w.ev_class FROM pg_rewrite w WHERE w.oid = d.objid)
      WHEN 'pg_constraint'::regclass THEN (SELECT k.conrelid FROM pg_constraint k WHERE k.oid = d.objid)
      WHEN 'pg_trigger'::regclass THEN (SELECT t.tgrelid FROM pg_trigger t WHERE t.oid = d.objid)
      ELSE d.objid END AS objid, d.refclassid, d.refobjid
  FROM pg_depend d JOIN ours o ON o.classid = d.refclassid AND o.objid = d.refobjid
  WHERE d.deptype = 'n'
)
SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) AS dependent, pg_describe_object(d.refclassid, d.refobjid, 0) AS referred
FROM dependent d
WHERE d.objid IS NOT NULL AND d.objid <> 0
  AND NOT EXISTS (SELECT FROM all_ours o WHERE o.classid = d.classid AND o.objid = d.objid)
ORDER BY 1, 2`;

function listRows(title: string, rows: readonly FoundRow[]): string[] {
  const head = inLine(title);
  const { all, hash } = rows[0] ?? { all: 0 };
  const more = all > rows.length ? [`${head}: and ${all - rows.length} more${hash ? `, all hashed ${hash}` : ""}`] : [];
  return [...rows.map(({ row }) => `${head}: ${JSON.stringify(row)}`), ...more];
}

/** A tier with what keeps it from being rolled back. */
export interface BlockedTier {
  readonly declaration: TierDeclaration;
  readonly blockers: RollbackBlockers;
}

/**
 * Refuses rollbacks that are blocked, listing every reason of every tier. Data loss that was accepted by its hash
 * blocks nothing. Throws a RolloutError; nothing has been changed then.
 */
export function requireNoBlockers(tiers: readonly BlockedTier[]): void {
  const refused = tiers
    .map(({ declaration: { tier, title }, blockers: { dataLoss, dependents } }) => ({
      tier,
      title,
      dependents,
      dataLoss: isAccepted(tier, dataLoss) ? [] : dataLoss,
    }))
    .filter(({ dataLoss, dependents }) => dataLoss.length > 0 || dependents.length > 0);
  if (!refused.length) return;
  const lines = refused.flatMap(({ tier, title, dataLoss, dependents }) => [
    `Tier ${tier} (${title}) cannot be rolled back, nothing was changed:`,
    ...[...dependents, ...dataLoss].map((text) => `  - ${text}`),
  ]);
  const hashes = refused
    .filter(({ dataLoss }) => dataLoss.length)
    .map(({ tier, dataLoss }) => acceptance(tier, dataLoss));
  // While something depends on a tier no acceptance helps: its hash would only be tried in vain.
  const way = refused.some(({ dependents }) => dependents.length)
    ? "First have what depends on our rows and objects removed by whom it belongs to; it is never dropped for them. " +
      "Losses that are still listed then can be accepted."
    : `To roll back and lose exactly what is listed, run the same command with ${ACCEPT}=${hashes.join(",")}`;
  throw new RolloutError([...lines, way].join("\n"));
}
