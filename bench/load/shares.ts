/** What both applications work on. */

/** How often a label is written, in milliseconds. */
export const LABEL_MS = 200;

/** Rows of each big table that there are at any scale. */
export const FEW = 100;

export const AGENCIES = [
  "GOV-COUNCIL",
  "GOV-DOT",
  "GOV-KG-SYS",
  "GOV-MOIT",
  "GOV-MOT",
  "GOV-MOUT",
  "GOV-MOW",
  "GOV-SIV",
];

export const pick = (turn: number, from: readonly string[]): string => from[turn % from.length] ?? "";

/** The key of a row that is there at any scale. */
export const row = (turn: number): number => 1 + (turn % FEW);
