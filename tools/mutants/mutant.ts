/** A text that stands in a file exactly once, and what takes its place. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A defect that matters, and the tests that have to see it. */
export interface Mutant extends Edit {
  /** In kebab case. */
  readonly name: string;
  /** What would go wrong. */
  readonly defect: string;
  /** More of the same defect, where one place would be told by its twin. */
  readonly also?: readonly Edit[];
  /** A file of tests each, the narrowest first; behind ` -t ` a part of their names, as jest takes it. */
  readonly tests: readonly string[];
}

/** All that a mutant changes. */
export function editsOf({ file, find, replace, also = [] }: Mutant): readonly Edit[] {
  return [{ file, find, replace }, ...also];
}

/** Why an edit does not apply to a text; undefined where it does. */
export function whyNot({ file, find, replace }: Edit, text: string): string | undefined {
  const times = text.split(find).length - 1;
  if (times !== 1) return `${file} has its text ${times} times, not once: ${JSON.stringify(find)}`;
  return find === replace ? `${file} would stay as it is` : undefined;
}
