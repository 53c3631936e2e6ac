import fc from "fast-check";

/** The seed of the run, which is printed: another one draws other cases, the same one repeats what failed. */
export const SEED = Number(process.env.CHAOS_SEED ?? 1);

/** Whether every case is to be done, and not a few that are drawn. */
export const ALL = process.env.CHAOS === "all";

/** What `npm run chaos` does and `npm test` leaves out: commands of the real CLI take seconds each, and others look at much the same. */
export const thorough: jest.It = ALL ? test : test.skip;

/** How many faults are drawn for whoever asks for more of them: `CHAOS_RUNS=100`. */
export const RUNS = Number(process.env.CHAOS_RUNS ?? 0);

/** A test of so many faults, for which nobody waits unless they were asked for. */
export function onRequest(what: string, work: () => Promise<void>): void {
  (RUNS ? test : test.skip)(`${RUNS} ${what} drawn by seed ${SEED}`, work, Math.max(RUNS, 1) * 120_000);
}

/** So many values of a kind, the same ones for the same seed. */
export function draw<Value>(kind: fc.Arbitrary<Value>, seed: number, numRuns: number): Value[] {
  return fc.sample(fc.noBias(kind), { seed, numRuns });
}

/** How a case is made again that went wrong, alone where all are made. */
export function replay(name: string): string {
  return ALL ? `CHAOS=all CHAOS_ONLY=${JSON.stringify(name)}` : `CHAOS_SEED=${SEED}`;
}

/** Whether a case is to be made: each, unless `CHAOS_ONLY` has part of a name. */
export function isWanted(name: string): boolean {
  return name.includes(process.env.CHAOS_ONLY ?? "");
}

/** Which part of all cases falls to this process, and of how many: `CHAOS_PART=2/8`. */
export const [PART, PARTS] = (process.env.CHAOS_PART ?? "1/1").split("/").map(Number);

/** What falls to this process: so many of the cases, drawn by the seed; of all of them its part. */
export function shareOf<Value>(cases: readonly Value[], size: number): Value[] {
  if (!ALL) {
    const length = Math.min(size, cases.length);
    return draw(fc.shuffledSubarray([...cases], { minLength: length, maxLength: length }), SEED + cases.length, 1)[0];
  }
  return cases.filter((_, index) => index % PARTS === PART - 1);
}
