import type { Rollout } from "../provider";
import { roles } from "./roles";
import { preflight } from "./tier-0-preflight";
import { structure } from "./tier-1-structure";
import { responsibilityAxis } from "./tier-2-responsibility-axis";
import { ownershipSeed } from "./tier-3-ownership-seed";
import { containment } from "./tier-4-containment";
import { topicFinalization } from "./tier-5-topic-finalization";
import { scannerBaseline } from "./tier-6-scanner-baseline";
import { verification } from "./tier-8-verification";

/** The One-Roof rollout, in the order of docs/specification.md S1. */
export const rollout: Rollout = {
  name: "one-roof",
  roles,
  probe: "sql/prod_verify/baseline_probe.sql",
  signatures: "sql/prod_verify/signatures.sql",
  readContract: "sql/prod_verify/ui_read_contract.sql",
  ledgerSchema: "one_roof_rollout",
  lock: [1_330_795_077, 1],
  noticeSchema: "one_roof",
  parameters: {
    database: { setting: "one_roof.database", default: "directus" },
    ratifiedApr: { setting: "one_roof.ratified_apr" },
  },
  databaseParameter: "database",
  requestParameter: "ratifiedApr",
  // docs/specification.md S53.
  invariants: [
    "governance_outbox",
    "active_event_types",
    "approval_requests",
    "apr_approvals",
    "responsibility_scopes",
    "idle_in_transaction",
    "system_issues",
    "governance_relations",
    "dot_tools",
  ],
  tiers: [
    preflight,
    structure,
    responsibilityAxis,
    ownershipSeed,
    containment,
    topicFinalization,
    scannerBaseline,
    verification,
  ],
};
