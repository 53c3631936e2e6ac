import type { Parameters } from "../model/gates";
import type { TierReport } from "../model/report";
import type { Readings, Rollout } from "../model/rollout";
import { connect, type Session } from "../postgres/session";
import type { Detail, Fingerprint } from "./fingerprint";
import { findLedger, ledgerTable } from "./ledger-table";

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

/** The ledger's rows by tier; empty where there is no ledger. Throws as `findLedger` does. */
export async function readLedger(session: Session, rollout: Rollout): Promise<Map<number, LedgerRow>> {
  if (!(await findLedger(session, rollout))) return new Map();
  const rows = await session.query<LedgerRow>(
    `SELECT tier, rollout_id::text AS "rolloutId", digest, parameters, report, entry, exit, detail, readings,
            apply_sql AS "applySql", rollback_sql AS "rollbackSql", applied_by AS "appliedBy",
            to_char(applied_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "appliedAt"
     FROM ${ledgerTable(rollout)} ORDER BY tier`,
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
  if (await findLedger(session, rollout)) {
    await session.query(`DELETE FROM ${ledgerTable(rollout)} WHERE tier = $1`, [tier]);
  }
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
  const session = await connect({ application: `${rollout.name} ${asker}`, roles: rollout.roles });
  try {
    return { database: session.target.database, rows: [...(await readLedger(session, rollout)).values()] };
  } finally {
    await session.close();
  }
}
