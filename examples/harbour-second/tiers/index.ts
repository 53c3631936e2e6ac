import type { Rollout } from "../../../provider";
import { tariff } from "./tier-10-tariff";
import { tolls } from "./tier-20-tolls";
import { exemptions } from "./tier-30-exemptions";
import { reckoning } from "./tier-90-reckoning";

/** The second release of the harbour's tolls: what the first one has, and exemptions. */
export const rollout: Rollout = {
  name: "harbour-tolls",
  probe: "sql/probe.sql",
  ledgerSchema: "harbour_log",
  lock: [1612, 4],
  noticeSchema: "harbour",
  parameters: {
    base: { setting: "harbour.base" },
    decree: { setting: "harbour.decree" },
    exemptionDecree: { setting: "harbour.exemption_decree" },
  },
  databaseParameter: "base",
  invariants: ["berths", "vessels"],
  tiers: [tariff, tolls, exemptions, reckoning],
};
