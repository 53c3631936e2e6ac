import { GOVERNANCE_EVENT, NO_APPROVAL, OTHER_LABEL, TWO_OWNERS } from "../support/faults/faults";
import { withDatabase } from "../support/database/database";
import { tierFile } from "../support/database/files";
import { refusal, refusedAt } from "../support/database/refusal";

describe("Tier 8", () => {
  const WRONG: [what: string, fault: string, gates: string[]][] = [
    ["no approval", NO_APPROVAL, ["ospa"]],
    [
      "an ownership row lost",
      `DELETE FROM governance_object_ownership WHERE object_ref = 'GRP-AI' AND scope = 'audit'`,
      ["ownership_gap", "responsibility_axis_gap"],
    ],
    ["two accountable owners", TWO_OWNERS, ["ownership_conflict"]],
    [
      "a retired scope on the axis",
      `UPDATE axis_value SET status = 'retired' WHERE axis_code = 'responsibility' AND value_code = 'audit'`,
      ["responsibility_required"],
    ],
    [
      "a rule that wants other owners",
      `UPDATE coverage_rule SET required_owner_kind = 'supporting' WHERE rule_code = 'CR-RESP-ALL'`,
      ["responsibility_axis_gap"],
    ],
    [
      "a containment assignment lost",
      `DELETE FROM axis_assignment WHERE axis_code = 'containment' AND object_ref = 'agents'`,
      ["containment_required"],
    ],
    [
      "a containment owner lost",
      `DELETE FROM axis_object_ownership WHERE axis_code = 'containment' AND object_ref = 'agents'`,
      ["containment_gap"],
    ],
    [
      "a fourth axis",
      `INSERT INTO axis_registry (axis_code, axis_name, axis_family, axis_kind, status) VALUES ('pivot', 'Pivot', 'pivot', 'system', 'active')`,
      ["active_axes"],
    ],
    ["a rule that contradicts a topic", OTHER_LABEL, ["divergent"]],
    [
      "a collection without label rules",
      `UPDATE label_rules SET status = 'retired' WHERE condition ->> 'collection' = 'agents'`,
      ["projection_gap"],
    ],
    [
      "a label in use retired",
      `UPDATE taxonomy SET status = 'deprecated' WHERE code = (SELECT min(label_code) FROM entity_labels WHERE label_code > 'LBL-2')`,
      ["label_orphans"],
    ],
    [
      "critical drift",
      `UPDATE governance_drift_state SET severity = 'critical' WHERE detector_code = 'stale_candidate'`,
      ["critical_drift"],
    ],
    [
      "something that could be sent",
      `UPDATE event_type_registry SET active = true WHERE event_type = 'input.untrusted_source'`,
      ["emittable", "active_event_types"],
    ],
    ["a governance event", GOVERNANCE_EVENT, ["governance_outbox"]],
    [
      "an active event type",
      `UPDATE event_type_registry SET active = true WHERE event_type = 'handoff.object_born'`,
      ["active_event_types"],
    ],
    [
      "the ratified topic lost",
      `UPDATE axis_value SET status = 'deprecated' WHERE value_code = 'kg-domain-x'`,
      ["kg_domain_x"],
    ],
    ["no scan", "TRUNCATE governance_drift_state, governance_scan_run", ["critical_drift", "emittable"]],
  ];

  test.each(WRONG)("refuses %s", async (_what, fault, gates) => {
    await withDatabase("tier-6", async (db) => {
      await db.query(fault);
      expect(await refusal(db, tierFile(8))).toEqual(refusedAt(...gates));
    });
  });

  test("refuses another database than the one named", async () => {
    await withDatabase("tier-6", async (db) => {
      expect(await refusal(db, tierFile(8), { "one_roof.database": "directus" })).toEqual(refusedAt("database"));
    });
  });

  test("passes 31 days later, when a scan finds 41", async () => {
    await withDatabase("tier-6", async (db) => {
      await db.query(`
      UPDATE axis_assignment SET assigned_at = assigned_at - interval '31 days';
      UPDATE entity_labels SET assigned_at = assigned_at - interval '31 days';
      SELECT fn_governance_scan('test', 'later')`);
      expect(await db.value(`SELECT count(*)::int FROM governance_drift_state WHERE status = 'open'`)).toBe(41);
      expect(
        await db.value(
          `SELECT count(*)::int FROM governance_drift_state WHERE status = 'open' AND detector_code = 'stale_candidate'`,
        ),
      ).toBe(4);
      expect((await db.file(tierFile(8))).code).toBe(0);
    });
  });
});
