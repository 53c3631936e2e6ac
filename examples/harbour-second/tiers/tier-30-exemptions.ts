import type { TierDeclaration } from "../../../provider";

/** The harbour's own berths are free: appended by the second release to what the first one has applied. */
export const exemptions: TierDeclaration = {
  tier: 30,
  name: "exemptions",
  title: "Exemptions",
  apply: "sql/30_exemptions.sql",
  rollback: "sql/30_exemptions_back.sql",
  gates: [
    {
      at: "entry",
      name: "exemption_decree",
      operator: "=",
      expected: "true",
      meaning: "The decree that allows the exemptions is signed.",
      remedy: "Have the decree signed, or set exemptionDecree to one that is.",
      source: "harbour rules, 5",
    },
    {
      at: "entry",
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
      meaning: "The pilot boat and the dredger pay nothing, and nobody else.",
      remedy: "Compare harbour.exemption with the decree.",
      source: "harbour rules, 5",
    },
  ],
  delta: {
    objects: { table: ["harbour.exemption"] },
    // Made by tier 10, and defined anew here; the rollback defines them as they were.
    changes: { view: ["harbour.v_untolled_berth"], function: ["harbour.price_of(berth integer)"] },
    rows: { "harbour.exemption": { inserted: 2, own: "true" } },
    readings: { exempt: { before: null, after: 2 }, untolled: { before: 0, after: 2 } },
  },
  parameters: ["exemptionDecree"],
};
