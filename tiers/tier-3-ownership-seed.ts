import type { TierDeclaration } from "../provider";
import { entry, exit, GUARDS } from "./gates";

/** The sovereign seed: five groups become accountable in six scopes, and every collection inherits it. */
export const ownershipSeed: TierDeclaration = {
  tier: 3,
  name: "ownership-seed",
  title: "Ownership seed",
  apply: "sql/prod/30_ownership_seed.sql",
  rollback: "sql/prod_rollback/30_ownership_seed.sql",
  gates: [
    ...GUARDS,
    entry("ratified_request", "=", "approved"),
    entry("responsibility_required", "=", "210"),
    entry("ownership_gap", "=", "210"),
    entry("ownership_rows", "=", "0"),
    entry("ownership_conflict", "=", "0"),
    exit("ownership_seeded", "=", "30"),
    exit("ownership_gap", "=", "0"),
    exit("ownership_conflict", "=", "0"),
    exit("owners", "=", "as ratified"),
  ],
  delta: {
    objects: {},
    rows: {
      "public.governance_object_ownership": {
        inserted: 30,
        own: "created_by = 'PROD_OWNERSHIP_SEED_2026-06-03'",
        shared: true,
      },
    },
    readings: { ownership_rows: { before: 0, after: 30 }, ownership_gap: { before: 210, after: 0 } },
  },
  parameters: ["database", "ratifiedApr"],
};
