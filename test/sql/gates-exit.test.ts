import { GOVERNANCE_EVENT, ONE_LESS, ONE_MORE, OTHER_LABEL, TWO_OWNERS } from "../support/faults/faults";
import { withDatabase, type State } from "../support/database/database";
import { tierFile, withSabotage } from "../support/database/files";
import { refusal, refusedAt } from "../support/database/refusal";

/** Replaces a view by one of the same columns that returns a row. */
const VIEW_WITH_A_ROW = `
  DO $$ BEGIN EXECUTE (
    SELECT 'CREATE OR REPLACE VIEW v_axis_issue_payload AS SELECT '
      || string_agg(format('NULL::%s AS %I', format_type(atttypid, atttypmod), attname), ', ' ORDER BY attnum)
    FROM pg_attribute WHERE attrelid = 'v_axis_issue_payload'::regclass AND attnum > 0);
  END $$`;

/** Tier, what its work did wrong, and the gates that must catch it before COMMIT. */
const SPOILED: [tier: number, what: string, fault: string, gates: string[]][] = [
  [1, "the function lost", "DROP FUNCTION fn_governance_scan(text, text)", ["axis_objects"]],
  [1, "a view lost", "DROP VIEW v_axis_issue_payload", ["axis_objects", "structure_rows"]],
  [1, "a view that returns a row", VIEW_WITH_A_ROW, ["structure_rows"]],
  [
    2,
    "a value of the axis lost",
    `DELETE FROM axis_value WHERE value_code = 'audit'`,
    ["responsibility_required", "responsibility_gap_drift"],
  ],
  [
    2,
    "the same count, but other cells",
    `UPDATE axis_value SET value_code = 'auditing' WHERE value_code = 'audit'`,
    ["responsibility_gap_drift"],
  ],
  [
    3,
    "a row lost",
    `DELETE FROM governance_object_ownership WHERE object_ref = 'GRP-AI' AND scope = 'audit'`,
    ["ownership_seeded", "ownership_gap"],
  ],
  [
    3,
    "a row that members do not inherit",
    `UPDATE governance_object_ownership SET is_inherited_anchor = false WHERE object_ref = 'GRP-AI'`,
    ["ownership_gap"],
  ],
  [3, "a second accountable owner", TWO_OWNERS, ["ownership_conflict"]],
  [4, "an assignment lost", `DELETE FROM axis_assignment WHERE object_ref = 'agents'`, ["containment_required"]],
  [4, "an owner lost", `DELETE FROM axis_object_ownership WHERE object_ref = 'agents'`, ["containment_gap"]],
  [
    4,
    "a group not registered",
    `UPDATE axis_value SET status = 'deprecated' WHERE value_code = 'GRP-AI'`,
    ["containment_unregistered_groups"],
  ],
  [
    4,
    "a collection without a group",
    `UPDATE collection_registry SET "group" = NULL WHERE collection_name = 'agents'`,
    ["containment_without_group"],
  ],
  [5, "a rule that contradicts the topic", OTHER_LABEL, ["divergent"]],
  [
    5,
    "a decision lost",
    `DELETE FROM topic_label_reconcile_decision WHERE coll = 'governance_registry'`,
    ["projection_gap"],
  ],
  [
    5,
    "the ratified topic not active",
    `UPDATE axis_value SET status = 'candidate' WHERE value_code = 'kg-domain-x'`,
    ["kg_domain_x"],
  ],
  [
    6,
    "a critical finding",
    `UPDATE governance_drift_state SET severity = 'critical' WHERE detector_code = 'stale_candidate'`,
    ["critical_drift"],
  ],
  [
    6,
    "an event type that became active",
    `UPDATE event_type_registry SET active = true WHERE event_type = 'coverage.scan_completed'`,
    ["emittable", "active_event_types"],
  ],
  [
    6,
    "an event type active that nothing maps to",
    `UPDATE event_type_registry SET active = true WHERE event_type = 'handoff.object_born'`,
    ["active_event_types"],
  ],
  [6, "a governance event", GOVERNANCE_EVENT, ["governance_outbox"]],
];

describe("before COMMIT", () => {
  test.each(SPOILED)("Tier %i refuses %s", async (tier, _what, fault, gates) => {
    await withDatabase(tier === 1 ? "signed" : (`tier-${tier - 1}` as State), async (db) => {
      const result = await withSabotage(tierFile(tier), fault, (copy) => refusal(db, copy));
      expect(result).toEqual(refusedAt(...gates));
    });
  });
});

/** The same, brought about by what the application may really have done meanwhile. */
const REAL: [tier: number, what: string, fault: string, gates: string[]][] = [
  [
    2,
    "a scope more",
    `INSERT INTO governance_responsibility_scope (scope_code) VALUES ('safety')`,
    ["responsibility_required"],
  ],
  [2, "a governed collection less", ONE_LESS, ["responsibility_required"]],
  [
    3,
    "a new group",
    `UPDATE collection_registry SET "group" = 'GRP-NEW' WHERE collection_name = 'taxonomy'`,
    ["ownership_gap"],
  ],
  [
    3,
    "a lost group",
    `UPDATE collection_registry SET "group" = 'GRP-WORKFLOW' WHERE collection_name = 'agents'`,
    ["ownership_seeded"],
  ],
  [
    3,
    "a collection without a group",
    `UPDATE collection_registry SET "group" = '' WHERE collection_name = 'taxonomy'`,
    ["ownership_gap"],
  ],
  [5, "a rule that contradicts a topic", OTHER_LABEL, ["divergent"]],
  [
    6,
    "an object below two roots",
    `INSERT INTO axis_assignment (object_type, object_ref, axis_code, value_code, zone, provenance, confidence, assigned_kind)
     VALUES ('collection', 'agents', 'topic', 'workflow', 'candidate', '{}', 0.9, 'human')`,
    ["critical_drift"],
  ],
  [
    6,
    "an active event type",
    `UPDATE event_type_registry SET active = true WHERE event_type = 'candidate.scan_completed'`,
    ["emittable", "active_event_types"],
  ],
];

describe("in a database that changed meanwhile", () => {
  test.each(REAL)("Tier %i refuses %s", async (tier, _what, fault, gates) => {
    await withDatabase(`tier-${tier - 1}` as State, async (db) => {
      await db.query(fault);
      expect(await refusal(db, tierFile(tier))).toEqual(refusedAt(...gates));
    });
  });

  test.each([
    [
      "a collection that moved to an unknown group",
      `UPDATE collection_registry SET "group" = 'GRP-NEW' WHERE collection_name = 'taxonomy'`,
    ],
    [
      "a collection that lost its group",
      `UPDATE collection_registry SET "group" = NULL WHERE collection_name = 'taxonomy'`,
    ],
    ["a governed collection more", ONE_MORE],
  ])("Tier 4 refuses %s", async (_, fault) => {
    await withDatabase("tier-3", async (db) => {
      await db.query(fault);
      const { code, gates, changes } = await refusal(db, tierFile(4));
      expect({ code, changes }).toEqual({ code: 3, changes: [] });
      expect(gates.length).toBeGreaterThan(0);
    });
  });
});
