import type { Rollout } from "../../../provider";
import { tariff } from "./tier-10-tariff";
import { tolls } from "./tier-20-tolls";

/** Tolls for the berths of a harbour, in two tiers. */
export const rollout: Rollout = {
  name: "harbour-tolls",
  probe: "sql/probe.sql",
  ledgerSchema: "harbour_log",
  lock: [1612, 4],
  noticeSchema: "harbour",
  parameters: { base: { setting: "harbour.base" }, decree: { setting: "harbour.decree" } },
  databaseParameter: "base",
  invariants: ["berths", "vessels"],
  tiers: [tariff, tolls],
};
