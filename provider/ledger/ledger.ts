import { RolloutError } from "../model/errors";
import type { Parameters } from "../model/gates";
import type { TierReport } from "../model/report";
import type { Readings, Rollout } from "../model/rollout";
import { connect, type Session } from "../postgres/session";
import type { Detail, Fingerprint } from "./fingerprint";

/** One applied tier, as the target database itself remembers it. */
export interface LedgerRow {
  readonly tier: number;
  readonly rolloutId: string;
  readonly digest: string;
  readonly parameters: Parameters;
  readonly report: TierReport;
  /** Own rows at the tier's entry and at its exit. */
  readonly entry: Fingerprint;
  readonly exit: Fingerprint;
  /** The rows and definitions behind the fingerprint at exit. */
  readonly detail: Detail;
  /** Readings taken at the tier's entry. */
  readonly readings: Readings;
  readonly applySql: string;
  readonly rollbackSql: string;
  /** ISO 8601 in UTC. */
  readonly appliedAt: string;
  readonly appliedBy: string;
}

/** Name of the ledger's table. */
export function ledgerTable({ ledgerSchema }: Rollout): string {
  return `${ledgerSchema}.ledger`;
}

/** Creates the ledger where it is missing; the transaction of the first tier that writes carries it. */
export async function createLedger(session: Session, rollout: Rollout): Promise<void> {
  const table = ledgerTable(rollout);
  if (await isThere(session, table)) return;
  await session.query(`CREATE SCHEMA ${rollout.ledgerSchema}`);
  await session.query(`CREATE TABLE ${table} (
    tier integer PRIMARY KEY,
    rollout_id uuid NOT NULL,
    digest text NOT NULL,
    parameters jsonb NOT NULL,
    report jsonb NOT NULL,
    entry jsonb NOT NULL,
    exit jsonb NOT NULL,
    detail jsonb NOT NULL,
    readings jsonb NOT NULL,
    apply_sql text NOT NULL,
    rollback_sql text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    applied_by text NOT NULL DEFAULT session_user
  )`);
  await session.query(
    `COMMENT ON TABLE ${table} IS 'Which tier of rollout ${rollout.name} was applied, from which digest, with which evidence.'`,
  );
}

async function isThere(session: Session, table: string): Promise<boolean> {
  const [row] = await session.query<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [table]);
  return row?.there ?? false;
}

/** The ledger's rows by tier; empty where there is no ledger. Throws when the login may not read it. */
export async function readLedger(session: Session, rollout: Rollout): Promise<Map<number, LedgerRow>> {
  const table = ledgerTable(rollout);
  // Not to_regclass: it throws where the login may not look into the schema.
  const [found] = await session.query<{ readable: boolean }>(
    `SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname = $1`,
    [table],
  );
  if (!found) return new Map();
  if (!found.readable) {
    throw new RolloutError(
      `The ledger ${table} exists, but this login may not read it, so it is unknown what is applied. ` +
        `Use the login that applied the rollout, or grant it SELECT on ${table}.`,
    );
  }
  const rows = await session.query<LedgerRow>(
    `SELECT tier, rollout_id::text AS "rolloutId", digest, parameters, report, entry, exit, detail, readings,
            apply_sql AS "applySql", rollback_sql AS "rollbackSql", applied_by AS "appliedBy",
            to_char(applied_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "appliedAt"
     FROM ${table} ORDER BY tier`,
  );
  return new Map(rows.map((row) => [row.tier, row]));
}

/** What `create` records; the server adds when and by whom. */
export type LedgerEntry = Omit<LedgerRow, "appliedAt" | "appliedBy">;

/** Records an applied tier inside its own transaction. */
export async function writeLedger(session: Session, rollout: Rollout, entry: LedgerEntry): Promise<void> {
  await session.query(
    `INSERT INTO ${ledgerTable(rollout)}
       (tier, rollout_id, digest, parameters, report, entry, exit, detail, readings, apply_sql, rollback_sql)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      entry.tier,
      entry.rolloutId,
      entry.digest,
      JSON.stringify(entry.parameters),
      JSON.stringify(entry.report),
      JSON.stringify(entry.entry),
      JSON.stringify(entry.exit),
      JSON.stringify(entry.detail),
      JSON.stringify(entry.readings),
      entry.applySql,
      entry.rollbackSql,
    ],
  );
}

/** Forgets a tier, where there is a ledger to forget it; the first tier's rollback has dropped it already. */
export async function forgetTier(session: Session, rollout: Rollout, tier: number): Promise<void> {
  const table = ledgerTable(rollout);
  if (await isThere(session, table)) await session.query(`DELETE FROM ${table} WHERE tier = $1`, [tier]);
}

/** Removes an empty ledger, and refuses to remove one that still knows a tier. */
export async function dropLedger(session: Session, rollout: Rollout): Promise<void> {
  const rows = await readLedger(session, rollout);
  if (rows.size > 0) return;
  await session.query(`DROP TABLE IF EXISTS ${ledgerTable(rollout)}`);
  await session.query(`DROP SCHEMA IF EXISTS ${rollout.ledgerSchema}`);
}

/** What the target's ledger holds, for whoever has no session: which database was asked, and its rows in order. */
export async function askLedger(rollout: Rollout, asker: string): Promise<{ database: string; rows: LedgerRow[] }> {
  const session = await connect({ application: `${rollout.name} ${asker}` });
  try {
    return { database: session.target.database, rows: [...(await readLedger(session, rollout)).values()] };
  } finally {
    await session.close();
  }
}
