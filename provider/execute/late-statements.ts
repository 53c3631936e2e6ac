import { RolloutError } from "../model/errors";
import { inLine } from "../model/harmless";
import type { Finding } from "../model/findings";
import { bare } from "../model/rollout";
import { asExecutor, asOwner } from "../postgres/acting";
import { changes, type Snapshot, takeSnapshot } from "../postgres/catalog-snapshot";
import { type Definitions, differing, takeDefinitions } from "../postgres/definitions";
import { strongLocks } from "../postgres/lock-modes";
import type { TierScripts } from "../release/release";
import type { Statement } from "../release/script";
import { type LateContext, untilLocked } from "./late-locks";
import { type Around, runStatement, tellFiles } from "./run-script";

/*
 * A strong lock on an existing table is kept until its transaction ends, so whoever took one would have the application
 * wait through everything that comes afterwards. Only a savepoint gives a lock back. So what takes one runs twice: in its
 * tier, whose gates judge it before it is taken back, and once more at the very end: a rehearsal's when all tiers have run,
 * on the rows that they have written, a tier's own just before its COMMIT. In between, the SQL files are told which
 * foreign keys they do not see.
 */

/** The statements of a tier that lock an existing table so that others wait; they fill in while the tier runs. */
export interface LateStatements {
  readonly scripts: TierScripts;
  readonly statements: readonly Statement[];
  /** What is to be done around each statement of the tier. */
  readonly around: Around;
}

/** Finds the late statements of a tier while it runs, among those that name a table which the tier declares to lock. */
export function findLate(late: LateContext, scripts: TierScripts): LateStatements {
  const { session, options } = late.context;
  const tables = scripts.declaration.delta.locks ?? [];
  const words = tables.map(naming);
  const statements: Statement[] = [];
  let known = 0;
  const around: Around = async (statement, run) => {
    if (!words.some((word) => word.test(statement.sql))) return run();
    const isFirst = statements.length === 0;
    if (isFirst) await session.query("SAVEPOINT late");
    // Behind the first one more than this statement would have to run again.
    await (isFirst ? untilLocked(late, run) : run());
    const held = await strongLocks(session, tables);
    if (held > known) statements.push(statement);
    else if (isFirst) await session.query("RELEASE SAVEPOINT late");
    known = held;
    if (held)
      await session.query(`SET LOCAL idle_in_transaction_session_timeout = ${stoppedAfter(options.holdBudget)}`);
  };
  return { scripts, statements, around };
}

/**
 * For how long a client that holds such a lock may say nothing before the server takes it for stopped and ends it, in milliseconds:
 * the hold budget. A client that merely works pauses too; that one is refused by its guard, with the table and the time.
 */
function stoppedAfter(holdBudget: number): number {
  return Math.min(Math.max(holdBudget, 100), 2_000);
}

/** What the text of a statement has in it that names a table. */
export function naming(table: string): RegExp {
  return new RegExp(`\\b${bare(table)}\\b`);
}

/** The database without the late statements of the tier that has just run, and what of the tier went with them. */
export interface WithoutLate {
  readonly snapshot: Snapshot;
  readonly findings: readonly Finding[];
  /** The tables to which late foreign keys belong, as they were judged with them. */
  readonly keyed: Definitions;
}

/**
 * Takes the late statements back, if there are any, and with them their locks. They stand last in their file: whatever the tier did after them
 * would be missing in all that follows, and is a finding.
 */
export async function takeBack(
  { context, givenBack }: LateContext,
  { scripts, statements }: LateStatements,
  after: Snapshot,
): Promise<WithoutLate | undefined> {
  if (!statements.length) return undefined;
  const { session, release } = context;
  const keys = await session.query<ForeignKey>(FOREIGN_KEYS, [scripts.declaration.delta.locks]);
  const tables = [...new Set(keys.map(({ table }) => `table ${table}`))];
  const keyed = await takeDefinitions(session, tables);
  await session.query(
    "ROLLBACK TO SAVEPOINT late; RELEASE SAVEPOINT late; SET LOCAL search_path = pg_catalog, pg_temp",
  );
  await givenBack();
  await asExecutor(session);
  await tellFiles(session, release.rollout, { deferred: JSON.stringify(keys) });
  const snapshot = await takeSnapshot(session, release.rollout.ledgerSchema);
  const findings = movedBesides(tables, snapshot, after).map((object): Finding => ({ is: "behind a lock", object }));
  return { snapshot, keyed, findings };
}

/** What differs between two snapshots, except for the definitions of these tables. */
function movedBesides(tables: readonly string[], before: Snapshot, after: Snapshot): string[] {
  const { added, removed, changed, rows } = changes(before, after);
  return [...added, ...removed, ...changed.filter((object) => !tables.includes(object)), ...rows.keys()];
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

async function runOnceMore(
  late: LateContext,
  { scripts, statements }: LateStatements,
  around: Around = (_, run) => run(),
): Promise<void> {
  const { session } = late.context;
  await session.query("SAVEPOINT late");
  await untilLocked(late, () =>
    asOwner(session, async () => {
      for (const each of statements) await around(each, () => runStatement(session, scripts.apply, each));
    }),
  );
}

/** Runs late statements once more, on what all tiers have written, and takes them back at once. Throws what the server refuses. */
export async function rehearseLate(late: LateContext, statements: LateStatements): Promise<void> {
  try {
    await runOnceMore(late, statements);
    await late.guard.observe();
  } finally {
    await late.context.session.query("ROLLBACK TO SAVEPOINT late");
    await late.givenBack();
  }
}

/**
 * Runs late statements once more, to stay; gives the snapshot with them. Throws a RolloutError unless they did what the tier
 * was judged with, and nothing else.
 */
export async function applyLate(
  late: LateContext,
  statements: LateStatements,
  { snapshot, keyed }: WithoutLate,
  around: Around,
): Promise<Snapshot> {
  const { session, release } = late.context;
  const { tier, title, delta } = statements.scripts.declaration;
  await runOnceMore(late, statements, around);
  const after = await takeSnapshot(session, release.rollout.ledgerSchema);
  const tables = Object.keys(keyed);
  const found = await takeDefinitions(session, tables);
  const moved = [...movedBesides(tables, snapshot, after), ...differing(tables, keyed, found)];
  if (!moved.length) return after;
  throw new RolloutError(
    `Tier ${tier} (${title}) refused, nothing was changed: what locks ${list(delta.locks)} runs once more before COMMIT, and did ` +
      `something else than what was judged. Expected the same definitions, found others: ${list(moved)}. Have the file corrected.`,
  );
}

function list(names: readonly string[] = []): string {
  return names.map(inLine).join(", ");
}
