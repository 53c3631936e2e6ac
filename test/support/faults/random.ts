import fc from "fast-check";

/** The seed of the run: repeat what failed with the seed that it names. */
export const SEED = Number(process.env.CHAOS_SEED ?? 1);

/** So many values of a kind, the same ones for the same seed. */
export function draw<Value>(kind: fc.Arbitrary<Value>, seed: number, numRuns: number): Value[] {
  return fc.sample(fc.noBias(kind), { seed, numRuns });
}

/** So many of the numbers 0 … `below` - 1, in order, each once; all of them where `CHAOS=all`. */
export function someOf(below: number, size: number): fc.Arbitrary<number[]> {
  const all = Array.from({ length: below }, (_, index) => index);
  const length = process.env.CHAOS === "all" ? below : Math.min(size, below);
  return fc.subarray(all, { minLength: length, maxLength: length });
}
