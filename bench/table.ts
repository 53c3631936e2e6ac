/** One line of a result: what was measured, in milliseconds, once a round. */
export interface Line {
  readonly name: string;
  readonly values: readonly number[];
}

/** The value in the middle; robust against a round in which the machine was busy. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 ? middle : middle - 1], sorted[middle]];
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}

/** Prints median, best and worst of each line. */
export function printLines(title: string, lines: readonly Line[]): void {
  const width = Math.max(...lines.map(({ name }) => name.length));
  const cell = (value: number) => value.toFixed(0).padStart(8);
  console.log(`\n${title}`);
  console.log(`  ${"".padEnd(width)}${["median", "best", "worst"].map((head) => head.padStart(8)).join("")}  ms`);
  for (const { name, values } of lines) {
    const numbers = [median(values), Math.min(...values), Math.max(...values)];
    console.log(`  ${name.padEnd(width)}${numbers.map(cell).join("")}`);
  }
}

/** Prints a ratio beside the one that the design allows. */
export function printRatio(name: string, ratio: number, allowed: number): void {
  console.log(`  ${name}: ${ratio.toFixed(2)} (at most ${allowed.toFixed(2)}: ${ratio <= allowed ? "met" : "MISSED"})`);
}
