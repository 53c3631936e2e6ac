import type { TierDeclaration } from "../../../provider";

/** Every berth pays. */
export const tolls: TierDeclaration = {
  tier: 20,
  name: "tolls",
  title: "Tolls",
  apply: "sql/20_tolls.sql",
  rollback: "sql/20_tolls_back.sql",
  gates: [
    {
      at: "entry",
      name: "untolled",
      operator: "=",
      expected: "12",
      meaning: "No berth pays yet.",
      remedy: "Find out who else writes tolls.",
      source: "harbour rules, 3",
    },
    {
      at: "exit",
      name: "untolled",
      operator: "=",
      expected: "0",
      meaning: "Every berth pays.",
      remedy: "Give each berth a class in sql/20_tolls.sql.",
      source: "harbour rules, 4",
    },
  ],
  delta: {
    objects: {},
    rows: {
      "harbour.tariff": { inserted: 2, own: "true" },
      "harbour.toll": { inserted: { from: 1, to: 20 }, own: "true" },
    },
    readings: { tolls: { before: 0, after: 12 }, untolled: { before: 12, after: 0 } },
  },
  parameters: [],
};
