import type { Rollout } from "../../../provider";
import { tariff } from "./tier-10-tariff";
import { tolls } from "./tier-20-tolls";
import { reckoning } from "./tier-90-reckoning";

/** Tolls for the berths of a harbour: two tiers that write, and a last one that only reads. */
export const rollout: Rollout = {
  name: "harbour-tolls",
  probe: "sql/probe.sql",
  ledgerSchema: "harbour_log",
  lock: [1612, 4],
  noticeSchema: "harbour",
  parameters: { base: { setting: "harbour.base" }, decree: { setting: "harbour.decree" } },
  databaseParameter: "base",
  invariants: ["berths", "vessels"],
  tiers: [tariff, tolls, reckoning],
};
