/** How long locks were held, as whoever looks from time to time is told. Times in milliseconds. */
export interface Holds {
  /** Notes on which tables there is a lock now. */
  see(held: readonly string[], now?: number): void;
  /** On which tables there is one, and for how long there has been on the first of them. */
  current(): { readonly tables: readonly string[]; readonly heldFor: number };
  /** The longest on each. A lock that is gone is taken to have lasted until that was seen. */
  longest(): ReadonlyMap<string, number>;
}

export function trackHolds(): Holds {
  const since = new Map<string, number>();
  const longest = new Map<string, number>();
  let last = 0;
  return {
    see(held, now = performance.now()) {
      last = now;
      for (const table of held) if (!since.has(table)) since.set(table, now);
      for (const [table, start] of since) {
        longest.set(table, Math.max(longest.get(table) ?? 0, Math.round(now - start)));
        if (!held.includes(table)) since.delete(table);
      }
    },
    current: () => ({
      tables: [...since.keys()].sort(),
      heldFor: Math.round(Math.max(0, ...[...since.values()].map((start) => last - start))),
    }),
    longest: () => longest,
  };
}
