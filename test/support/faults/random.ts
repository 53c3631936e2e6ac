/** Numbers from 0 up to 1 that a seed repeats (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The seed of the run: repeat what failed with the seed that it names. */
export const SEED = Number(process.env.CHAOS_SEED ?? 1);

/** So many of the numbers 0 … `below` - 1, in order, each once; all of them where `CHAOS=all`. */
export function sample(next: () => number, below: number, size: number): number[] {
  const all = Array.from({ length: below }, (_, index) => index);
  if (process.env.CHAOS === "all") return all;
  const order = all.map((index) => ({ index, key: next() })).sort((a, b) => a.key - b.key);
  return order
    .slice(0, size)
    .map(({ index }) => index)
    .sort((a, b) => a - b);
}
