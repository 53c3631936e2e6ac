import type { HeldLock } from "../model/held-lock";
import type { TierDeclaration } from "../model/rollout";
import type { Around } from "./run-script";

/** Times the strong locks of one tier while its file runs. */
export interface LockTimes {
  /** What is to be done around each statement of the tier. */
  readonly around: Around;
  /** These locks, each with how long it has been held by now. */
  readonly held: (locked: readonly Omit<HeldLock, "milliseconds">[]) => HeldLock[];
}

/**
 * A lock lasts from its statement to the end of the transaction, and the statement must name its table. So two times tell, and
 * nobody has to look on. What the statement has waited for the lock counts as held.
 */
export function timeLocks({ delta: { locks = [] } }: TierDeclaration): LockTimes {
  const begin = performance.now();
  const since = new Map<string, number>();
  return {
    around(statement, run) {
      for (const table of locks) {
        const isNamed = new RegExp(`\\b${table.slice(table.indexOf(".") + 1)}\\b`).test(statement.sql);
        if (isNamed && !since.has(table)) since.set(table, performance.now());
      }
      return run();
    },
    held: (locked) =>
      locked.map(({ table, mode }) => ({
        table,
        mode,
        milliseconds: Math.round(performance.now() - (since.get(table) ?? begin)),
      })),
  };
}
