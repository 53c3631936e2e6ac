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
  /** These locks, each with the longest that it has been held at a stretch by now. */
  readonly held: (locked: readonly Omit<HeldLock, "milliseconds">[]) => HeldLock[];
}

/**
 * A lock lasts from its statement until it is given back or the transaction ends, and the statement must name its table. So these
 * times tell, and nobody has to look on. What a statement has waited for the lock that it got counts as held.
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
    async around(statement, run) {
      const first = named.filter(({ table, word }) => word.test(statement.sql) && !since.has(table));
      for (const { table } of first) since.set(table, performance.now());
      try {
        await run();
      } catch (error) {
        for (const { table } of first) since.delete(table);
        throw error;
      }
    },
    held: (locked) =>
      locked.map(({ table, mode }) => ({
        table,
        mode,
        milliseconds: Math.round(heldFor(table) || performance.now() - begin),
      })),
  };
}
