import type { TierDeclaration } from "../../../provider";

/** What a toll is. Nothing is tolled yet. */
export const tariff: TierDeclaration = {
  tier: 10,
  name: "tariff",
  title: "Tariff",
  apply: "sql/10_tariff.sql",
  rollback: "sql/10_tariff_back.sql",
  gates: [
    {
      at: "entry",
      name: "base",
      operator: "=",
      expected: { parameter: "base" },
      meaning: "This is the database for which the rollout is configured.",
      remedy: "Connect to that database, or set base to this one's name.",
      source: "harbour rules, 1",
    },
    {
      at: "entry",
      name: "decree",
      operator: "=",
      expected: "true",
      meaning: "The decree that allows the tolls is signed.",
      remedy: "Have the decree signed, or set decree to one that is.",
      source: "harbour rules, 2",
    },
    {
      at: "exit",
      name: "untolled",
      operator: "=",
      expected: "12",
      meaning: "No berth pays yet.",
      remedy: "Find out who else writes tolls.",
      source: "harbour rules, 3",
    },
  ],
  delta: {
    objects: {
      table: ["harbour.tariff", "harbour.toll"],
      view: ["harbour.v_untolled_berth"],
      function: ["harbour.price_of(berth integer)"],
    },
    rows: {},
    readings: { untolled: { before: null, after: 12 } },
    // The foreign key of harbour.toll points to it.
    locks: ["harbour.berth"],
  },
  parameters: ["base", "decree"],
};
