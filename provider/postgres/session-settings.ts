import type { RunOptions } from "../model/configuration";
import { type Parameters, valueOf } from "../model/gates";
import type { Rollout } from "../model/rollout";

/** Session settings by which parameters and options reach the SQL files. */
export function sessionSettings(
  rollout: Rollout,
  parameters: Parameters,
  options: Pick<RunOptions, "lockTimeout" | "statementTimeout" | "readerRoles">,
): Record<string, string> {
  const lockTimeout = `${options.lockTimeout}ms`;
  const statementTimeout = `${options.statementTimeout}ms`;
  const parameterSettings = Object.entries(rollout.parameters).map(
    ([name, { setting }]) => [setting, valueOf(rollout, parameters, name)] as const,
  );
  return {
    // For our own questions; the SQL files set the same for themselves, also when psql runs them.
    lock_timeout: lockTimeout,
    statement_timeout: statementTimeout,
    // So that a client which was stopped holds nothing for longer; older servers have no such setting.
    transaction_timeout: statementTimeout,
    [`${rollout.noticeSchema}.lock_timeout`]: lockTimeout,
    [`${rollout.noticeSchema}.statement_timeout`]: statementTimeout,
    ...(options.readerRoles && { [`${rollout.noticeSchema}.reader_roles`]: options.readerRoles }),
    ...Object.fromEntries(parameterSettings),
  };
}
