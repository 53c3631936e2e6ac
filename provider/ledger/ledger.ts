import { setTimeout as sleep } from "node:timers/promises";
import { RolloutError } from "../model/errors";
import type { Parameters } from "../model/gates";
import type { HeldLock } from "../model/held-lock";
import type { TierReport } from "../model/report";
import type { Readings, Rollout } from "../model/rollout";
import type { Signature } from "../model/signature";
import { asOwner } from "../postgres/acting";
import { describeBlockers } from "../postgres/blockers";
import { lockHolders } from "../postgres/lock-holders";
import { connect, type Session } from "../postgres/session";
import { appliedRows, CHAINS, ROW_HASH } from "./chain";
import type { Detail, Fingerprint } from "./fingerprint";
import { COLUMN_NAMES, findLedger, ledgerTable, takingPart } from "./ledger-table";

/** One applied tier, as the target database itself remembers it. */
export interface LedgerRow {
  /** Its place in the log, from 1. */
  readonly position: number;
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
  /** Which approvals were there when it was applied; null in a row that was written before they were kept. */
  readonly signatures: readonly Signature[] | null;
  /** Digest of the release that brought it; null in a row that was written before that was kept. */
  readonly release: string | null;
  /** The strong locks that it took, with how long it held them; null in a row that was written before they were kept. */
  readonly locks: readonly HeldLock[] | null;
  readonly applySql: string;
  readonly rollbackSql: string;
  /** ISO 8601 in UTC. */
  readonly appliedAt: string;
  readonly appliedBy: string;
  /** Of the row and of all rows before it. */
  readonly hash: string;
  /** The hashes with which the tier was applied before, and rolled back since. */
  readonly earlier: readonly string[];
}

/**
 * The rows of the tiers that are applied, in order; empty where there is no ledger. Throws as `findLedger` does, and when
 * the log is not the chain that was written.
 */
export async function readLedger(session: Session, rollout: Rollout): Promise<Map<number, LedgerRow>> {
  if (!(await findLedger(session, rollout))) return new Map();
  const table = ledgerTable(rollout);
  const rows = await session.query<Omit<LedgerRow, "earlier"> & { action: string; chains: boolean }>(
    `SELECT position, tier, action, rollout_id::text AS "rolloutId", digest, parameters, report, entry, exit, readings,
            detail - '{signatures,release,locks}'::text[] AS detail, detail -> 'signatures' AS signatures, detail ->> 'release' AS release,
            detail -> 'locks' AS locks, apply_sql AS "applySql", rollback_sql AS "rollbackSql", applied_by AS "appliedBy",
            to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "appliedAt", hash, ${CHAINS} AS chains
     FROM ${table} AS link ORDER BY position`,
  );
  return appliedRows(
    rollout,
    rows.map(({ action, chains, ...row }) => ({ action, chains, row })),
  );
}

/** What `create` records; the server adds its place in the log, when and by whom. */
export type LedgerEntry = Omit<LedgerRow, "position" | "appliedAt" | "appliedBy" | "hash" | "earlier">;

/** Records an applied tier inside its own transaction; gives the hash of its row. Throws where it is applied already. */
export async function writeLedger(session: Session, rollout: Rollout, entry: LedgerEntry): Promise<string> {
  const table = ledgerTable(rollout);
  const hash = await append(
    session,
    table,
    `SELECT coalesce(last.position, 0) + 1 AS position, $1::integer AS tier, 'applied'::text AS action, $2::uuid AS rollout_id,
            $3::text AS digest, $4::jsonb AS parameters, $5::jsonb AS report, $6::jsonb AS entry, $7::jsonb AS exit,
            $8::jsonb AS detail, $9::jsonb AS readings, $10::text AS apply_sql, $11::text AS rollback_sql,
            clock_timestamp() AS applied_at, session_user::text AS applied_by, coalesce(last.hash, '') AS previous
     FROM (SELECT) AS one LEFT JOIN (SELECT position, hash FROM ${table} ORDER BY position DESC LIMIT 1) AS last ON true
     WHERE (SELECT action FROM ${table} WHERE tier = $1 ORDER BY position DESC LIMIT 1) IS DISTINCT FROM 'applied'`,
    [
      entry.tier,
      entry.rolloutId,
      entry.digest,
      JSON.stringify(entry.parameters),
      JSON.stringify(entry.report),
      JSON.stringify(entry.entry),
      JSON.stringify(entry.exit),
      // Under the hash with all the rest, and in the shape that ledgers have always had.
      JSON.stringify({
        ...entry.detail,
        ...(entry.signatures && { signatures: entry.signatures }),
        ...(entry.release !== null && { release: entry.release }),
        ...(entry.locks && { locks: entry.locks }),
      }),
      JSON.stringify(entry.readings),
      entry.applySql,
      entry.rollbackSql,
    ],
  );
  if (hash === undefined) {
    throw new RolloutError(`Tier ${entry.tier} is in the ledger ${table} as applied already. Nothing was changed.`);
  }
  return hash;
}

/**
 * Appends that a tier was rolled back, where there is a ledger that still calls it applied: the rollback's own file may have
 * said so, and the first tier's has dropped the ledger.
 */
export async function forgetTier(session: Session, rollout: Rollout, tier: number): Promise<void> {
  if (!(await findLedger(session, rollout))) return;
  const table = ledgerTable(rollout);
  await append(
    session,
    table,
    `SELECT last.position + 1 AS position, known.tier, 'rolled back'::text AS action, known.rollout_id, known.digest,
            known.parameters, '{}'::jsonb AS report, '{}'::jsonb AS entry, '{}'::jsonb AS exit, '{}'::jsonb AS detail,
            '{}'::jsonb AS readings, ''::text AS apply_sql, ''::text AS rollback_sql, clock_timestamp() AS applied_at,
            session_user::text AS applied_by, last.hash AS previous
     FROM (SELECT * FROM ${table} WHERE tier = $1 ORDER BY position DESC LIMIT 1) AS known,
          (SELECT position, hash FROM ${table} ORDER BY position DESC LIMIT 1) AS last
     WHERE known.action = 'applied'`,
    [tier],
  );
}

/** Appends what `source` selects, hashed; gives the hash, or nothing where it selects nothing. */
async function append(
  session: Session,
  table: string,
  source: string,
  values: readonly unknown[],
): Promise<string | undefined> {
  const names = COLUMN_NAMES.filter((name) => name !== "hash");
  const [appended] = await session.query<{ hash: string }>(
    `WITH link AS MATERIALIZED (${source})
     INSERT INTO ${table} (${names.join(", ")}, hash)
     SELECT ${names.map((name) => `link.${name}`).join(", ")}, ${ROW_HASH} FROM link RETURNING hash`,
    values,
  );
  return appended?.hash;
}

/** Removes a ledger that calls no tier applied, and its schema where a rollout has made that. */
export async function dropLedger(session: Session, rollout: Rollout): Promise<void> {
  const rows = await readLedger(session, rollout);
  if (rows.size > 0) return;
  await asOwner(session, async () => {
    await session.query(`DROP TABLE IF EXISTS ${ledgerTable(rollout)}`);
    if (!(await takingPart(session, rollout))) await session.query(`DROP SCHEMA IF EXISTS ${rollout.ledgerSchema}`);
  });
}

/** What the target's ledger holds, for whoever has no session. */
export interface AskedLedger {
  readonly database: string;
  /** In order. */
  readonly rows: readonly LedgerRow[];
  /** Whoever held the rollout's lock when it was read, in words: what they are at may still be committed. */
  readonly atWork: string | undefined;
}

/** How often it is asked whether somebody is still at work, in milliseconds. */
const SETTLE_LOOK_MS = 100;

/** Asks the ledger; where somebody is at work, first waits `patience` milliseconds for that to end. */
export async function askLedger(rollout: Rollout, asker: string, patience = 0): Promise<AskedLedger> {
  const session = await connect({ application: `${rollout.name} ${asker}`, roles: rollout.roles });
  try {
    const deadline = performance.now() + patience;
    let holders = await lockHolders(session, rollout);
    while (holders.length && performance.now() < deadline) {
      await sleep(SETTLE_LOOK_MS);
      holders = await lockHolders(session, rollout);
    }
    const rows = [...(await readLedger(session, rollout)).values()];
    return {
      database: session.target.database,
      rows,
      atWork: holders.length ? describeBlockers(holders) : undefined,
    };
  } finally {
    await session.close();
  }
}
