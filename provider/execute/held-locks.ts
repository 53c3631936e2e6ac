import type { HeldLock } from "../model/held-lock";
import type { TierDeclaration } from "../model/rollout";
import { naming } from "./late-statements";
import type { Around } from "./run-script";

/** Times the strong locks of one tier while its file runs. */
export interface LockTimes {
  /** What is to be done around each statement of the tier. */
  readonly around: Around;
  /** The locks were given back. */
  readonly released: () => void;
  /** They are about to be taken again. */
  readonly taken: () => void;
  /** These locks, each with the longest that it has been held at a stretch by now. */
  readonly held: (locked: readonly Omit<HeldLock, "milliseconds">[]) => HeldLock[];
}

/**
 * A lock lasts from its statement until it is given back or the transaction ends, and the statement must name its table. So these
 * times tell, and nobody has to look on. What the statement has waited for the lock counts as held.
 */
export function timeLocks({ delta: { locks = [] } }: TierDeclaration): LockTimes {
  const named = locks.map((table) => ({ table, word: naming(table) }));
  const begin = performance.now();
  const since = new Map<string, number>();
  const longest = new Map<string, number>();
  const heldFor = (table: string) =>
    Math.max(longest.get(table) ?? 0, since.has(table) ? performance.now() - (since.get(table) ?? 0) : 0);
  return {
    released() {
      for (const table of since.keys()) longest.set(table, heldFor(table));
      since.clear();
    },
    taken() {
      for (const table of longest.keys()) since.set(table, performance.now());
    },
    around(statement, run) {
      for (const { table, word } of named) {
        if (word.test(statement.sql) && !since.has(table)) since.set(table, performance.now());
      }
      return run();
    },
    held: (locked) =>
      locked.map(({ table, mode }) => ({
        table,
        mode,
        milliseconds: Math.round(heldFor(table) || performance.now() - begin),
      })),
  };
}
