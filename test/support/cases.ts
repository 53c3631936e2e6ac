/** A table of texts for `test.each`, one case a line, its columns parted by ` | `; backslashes stand for themselves. */
export function cases({ raw: [table] }: TemplateStringsArray): string[][] {
  const rows = table
    .trim()
    .split("\n")
    .map((line) => line.trim().split(" | "));
  const odd = rows.find(({ length }) => length !== rows[0].length);
  if (odd) throw new Error(`A case with ${odd.length} columns instead of ${rows[0].length}: ${odd.join(" | ")}`);
  return rows;
}
