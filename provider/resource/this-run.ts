/** What this run has done with its tiers so far. One provider process serves one run. */

const registered = new Set<number>();
const read = new Set<number>();

/** Remembers a tier that the program has registered: it stays. */
export function markRegistered(tier: number): void {
  registered.add(tier);
}

export function isRegistered(tier: number): boolean {
  return registered.has(tier);
}

let deleting = false;

/**
 * Whether the way back begins here without having been rehearsed: this is the run's first deletion, its program has registered
 * no tier, and no command says that it ran the program (`destroy --run-program`), which rehearses.
 */
export function beginsUnrehearsed(): boolean {
  const first = !deleting && registered.size === 0 && process.env.ROLLOUT_RUN_PROGRAM !== "true";
  deleting = true;
  return first;
}

/** Remembers a tier that a refresh has found as the state has it. */
export function markRead(tier: number): void {
  read.add(tier);
}

const named = new Set<string>();

/** Whether this run has not named this file yet: each tier adds to the same one. */
export function isFirstMention(file: string): boolean {
  if (named.has(file)) return false;
  named.add(file);
  return true;
}

/** Begins another run, in a process that serves several: a provider's own serves one. */
export function beginRun(): void {
  registered.clear();
  read.clear();
  named.clear();
  deleting = false;
}

/** What was read belongs to the command that read it. */
export function forgetReads(): void {
  read.clear();
}

/**
 * Whether the engine only asks what a refresh has found: it has read the tier, and no program has registered it since. It then
 * compares with the inputs of the run that applied the tier, which tell how things were before.
 */
export function isBeingRefreshed(tier: number): boolean {
  return read.has(tier) && !registered.has(tier);
}
