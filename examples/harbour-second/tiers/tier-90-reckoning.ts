import type { TierDeclaration } from "../../../provider";

/** Reads only: what the tolls must come to. It runs last, whatever comes before it. */
export const reckoning: TierDeclaration = {
  tier: 90,
  name: "reckoning",
  title: "Reckoning",
  apply: "sql/90_reckoning.sql",
  gates: [
    {
      at: "exit",
      name: "tolls",
      operator: "=",
      expected: "12",
      meaning: "There is one toll for each berth.",
      remedy: "Find out who else writes tolls.",
      source: "harbour rules, 4",
    },
    {
      at: "exit",
      name: "untolled",
      operator: "=",
      expected: "2",
      meaning: "All berths pay but the two that are exempt.",
      remedy: "Compare harbour.exemption with the decree.",
      source: "harbour rules, 5",
    },
  ],
  delta: { objects: {}, rows: {}, readings: {} },
  parameters: [],
};
