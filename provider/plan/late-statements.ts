import type { Context } from "../context";
import type { Finding } from "../model/findings";
import { asExecutor, asOwner } from "../postgres/acting";
import { changes, type Snapshot, takeSnapshot } from "../postgres/catalog-snapshot";
import { strongLocks } from "../postgres/lock-modes";
import { type Around, runStatement, tellFiles } from "../execute/run-script";
import type { TierScripts } from "../release/release";
import type { Statement } from "../release/script";
import type { Rehearsing } from "./rehearsing";

/*
 * A strong lock on an existing table is kept until its transaction ends, so a rehearsal that took one would have the
 * application wait through everything that it rehearses afterwards. Only a savepoint gives a lock back. So what takes one
 * is rehearsed twice: in its tier, which is judged with it before it is taken back, and once more when all tiers have run,
 * on the rows that they have written. In between, the SQL files are told which foreign keys they do not see.
 */

/** The statements of a tier that lock an existing table so that others wait; they fill in while the tier runs. */
export interface LateStatements {
  readonly scripts: TierScripts;
  readonly statements: readonly Statement[];
  /** What is to be done around each statement of the tier. */
  readonly around: Around;
}

/** Finds the late statements of a tier while it runs, among those that name a table which the tier declares to lock. */
export function findLate({ session, options }: Context, scripts: TierScripts): LateStatements {
  const tables = scripts.declaration.delta.locks ?? [];
  const words = tables.map((table) => new RegExp(`\\b${bare(table)}\\b`));
  const statements: Statement[] = [];
  let known = 0;
  const around: Around = async (statement, run) => {
    if (!words.some((word) => word.test(statement.sql))) return run();
    const isFirst = statements.length === 0;
    if (isFirst) await session.query("SAVEPOINT late");
    await run();
    const held = await strongLocks(session, tables);
    if (held > known) statements.push(statement);
    else if (isFirst) await session.query("RELEASE SAVEPOINT late");
    known = held;
    // A client that is stopped while it holds such a lock is ended by the server once the budget is over.
    if (held)
      await session.query(`SET LOCAL idle_in_transaction_session_timeout = ${Math.min(options.holdBudget, 2_000)}`);
  };
  return { scripts, statements, around };
}

function bare(table: string): string {
  return table.slice(table.indexOf(".") + 1);
}

/** The database without the late statements of the tier that has just run, and what of the tier went with them. */
export interface WithoutLate {
  readonly snapshot: Snapshot;
  readonly findings: readonly Finding[];
}

/**
 * Takes the late statements back, and with them their locks. They stand last in their file: whatever the tier did after them
 * would be missing in all that follows, and is a finding.
 */
export async function takeBack(
  { context, guard }: Rehearsing,
  { scripts }: LateStatements,
  after: Snapshot,
): Promise<WithoutLate> {
  const { session, release } = context;
  const missing = await session.query<ForeignKey>(FOREIGN_KEYS, [scripts.declaration.delta.locks]);
  await session.query(
    "ROLLBACK TO SAVEPOINT late; RELEASE SAVEPOINT late; SET LOCAL search_path = pg_catalog, pg_temp",
  );
  await guard.observe();
  await asExecutor(session);
  await tellFiles(session, release.rollout, { deferred: JSON.stringify(missing) });
  const snapshot = await takeSnapshot(session, release.rollout.ledgerSchema);
  const { added, removed, changed, rows } = changes(snapshot, after);
  const keyed = missing.map(({ table }) => `table ${table}`);
  const objects = [...added, ...removed, ...changed.filter((object) => !keyed.includes(object)), ...rows.keys()];
  return { snapshot, findings: objects.map((object) => ({ is: "behind a lock", object })) };
}

/** A foreign key, as the reading that judges definitions prints it. */
interface ForeignKey {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
  readonly validated: boolean;
}

/** Foreign keys to these tables that this transaction has added. */
const FOREIGN_KEYS = `
SELECT c.relnamespace::regnamespace || '.' || c.relname AS table, k.conname AS name, pg_get_constraintdef(k.oid) AS definition, k.convalidated AS validated
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.contype = 'f' AND age(k.xmin) <= 0 AND k.confrelid = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
ORDER BY k.conname`;

/** Runs late statements once more, on what all tiers have written, and takes them back at once. Throws what the server refuses. */
export async function runLate(
  { context: { session }, guard }: Rehearsing,
  { scripts, statements }: LateStatements,
): Promise<void> {
  await session.query("SAVEPOINT late");
  try {
    await asOwner(session, async () => {
      for (const statement of statements) await runStatement(session, scripts.apply, statement);
    });
    await guard.observe();
  } finally {
    await session.query("ROLLBACK TO SAVEPOINT late");
    await guard.observe();
  }
}
