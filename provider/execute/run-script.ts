import { RolloutError } from "../model/errors";
import type { Rollout } from "../model/rollout";
import type { Session } from "../postgres/session";
import { GATE_REFUSED, isDatabaseError, serverMessage } from "../postgres/sqlstate";
import type { Script, Statement } from "../release/script";

/** What is done around a statement of a script; `run` sends it. */
export type Around = (statement: Statement, run: () => Promise<void>) => Promise<void>;

/**
 * Sends the statements of a script one at a time, then has every deferred constraint checked. One string of them would
 * still be committed by the server after the client was killed.
 */
export async function runScript(session: Session, script: Script, around: Around = (_, run) => run()): Promise<void> {
  for (const statement of script.statements) await around(statement, () => runStatement(session, script, statement));
  // Whatever path the file has left, what is measured next goes by PostgreSQL's own names.
  await session.query("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL search_path = pg_catalog, pg_temp");
}

/** Sends one statement of a script. What the server refuses is told with its file and line. */
export async function runStatement(session: Session, script: Script, statement: Statement): Promise<void> {
  try {
    await session.query(statement.sql);
  } catch (error) {
    throw located(script, statement, error);
  }
}

/**
 * Tells the SQL files what the caller does itself, until the transaction ends: that it measures row deltas, so that a
 * rehearsal reaches every tier, and that it has listed what of others would be lost. Each word is bound to this session
 * by its pid: a setting that a role or a database brings along says nothing.
 */
export async function tellFiles(
  session: Session,
  { noticeSchema }: Rollout,
  told: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, value] of Object.entries(told)) {
    await session.query("SELECT set_config($1, $2, true)", [`${noticeSchema}.${name}`, `${value} ${session.pid}`]);
  }
}

/** Adds file and line to what the server said; a refused gate speaks for itself. */
function located({ name }: Script, { sql, line, file = name }: Statement, error: unknown): unknown {
  if (!isDatabaseError(error) || error.code === GATE_REFUSED) return error;
  const before = sql.slice(0, Math.max(0, Number(error.position ?? 1) - 1));
  // Of what a DO block runs the server counts the lines itself, in the language of its messages.
  const [, within] =
    /^PL\/pgSQL function inline_code_block line (\d+) at SQL statement$/m.exec(error.where ?? "") ?? [];
  const at = line + (within === undefined ? (before.match(/\n/g)?.length ?? 0) : Number(within) - 1);
  return new RolloutError(`${file} line ${at}: ${serverMessage(error)}`, error.code, { cause: error });
}
