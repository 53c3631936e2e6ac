import { database, withDatabase, type TestDatabase } from "../support/database/database";
import { OTHER_LABEL } from "../support/faults/faults";

/** Detector, severity and number of findings at the end state. */
const END_STATE = [
  ["axis_assignment_missing", "info", 29],
  ["low_confidence_assignment", "warning", 1],
  ["projection_lag_timing", "info", 1],
  ["projection_lag_timing", "warning", 3],
  ["stale_candidate", "info", 1],
  ["topic_without_label", "info", 2],
  ["ui_visible_unapproved", "warning", 1],
];

const FOUND = "SELECT detector_code, severity, count(*)::int FROM v_drift_finding GROUP BY 1, 2 ORDER BY 1, 2";
const OPEN = `SELECT detector_code, severity, count(*)::int FROM governance_drift_state WHERE status = 'open' GROUP BY 1, 2 ORDER BY 1, 2`;

describe("at the end state", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("tier-6");
  });

  afterAll(() => db.drop());

  test("the detectors find 38, 33 for information and 5 warnings", async () => {
    expect(await db.rows(FOUND)).toEqual(END_STATE);
    expect(await db.rows(OPEN)).toEqual(END_STATE);
    expect(await db.rows("SELECT severity, count(*)::int FROM v_drift_finding GROUP BY 1 ORDER BY 1")).toEqual([
      ["info", 33],
      ["warning", 5],
    ]);
  });

  test("on the objects that the domain names", async () => {
    const sql = `SELECT detector_code, object_ref FROM v_drift_finding WHERE detector_code <> 'axis_assignment_missing' ORDER BY 1, 2`;
    expect(await db.rows(sql)).toEqual([
      ["low_confidence_assignment", "modules"],
      ["projection_lag_timing", "agents"],
      ["projection_lag_timing", "modules"],
      ["projection_lag_timing", "tasks"],
      ["projection_lag_timing", "workflows"],
      ["stale_candidate", "tasks"],
      ["topic_without_label", "governance"],
      ["topic_without_label", "workflow-exec"],
      ["ui_visible_unapproved", "iu_staging_record"],
    ]);
  });

  test("each has its row in the summary, silent ones too", async () => {
    const sql =
      "SELECT count(*)::int, sum(findings)::int, sum(critical)::int, sum(warning)::int, sum(info)::int FROM v_drift_summary";
    expect(await db.rows(sql)).toEqual([[11, 38, 0, 5, 33]]);
  });
});

const TOPIC = (row: string) => `INSERT INTO axis_assignment
  (object_type, object_ref, axis_code, value_code, zone, confidence, provenance, assigned_kind) VALUES (${row})`;

/** What wakes each detector, and what it then says beyond the end state: detector, severity, object. */
const WOKEN: [what: string, fault: string, finding: [string, string, string]][] = [
  [
    "a label in use retired",
    `UPDATE taxonomy SET status = 'deprecated' WHERE code = 'LBL-601'`,
    ["label_orphan", "warning", "LBL-601"],
  ],
  [
    "a label in use that never was vocabulary",
    `INSERT INTO entity_labels (entity_type, entity_code, label_code, assigned_by, assigned_at) VALUES ('x', 'x', 'LBL-999', 'human', now())`,
    ["label_orphan", "warning", "LBL-999"],
  ],
  [
    "a topic that loses its map row",
    `DELETE FROM topic_taxonomy_map WHERE topic_value = 'observability'`,
    ["topic_without_label", "info", "observability"],
  ],
  ["a divergent rule", OTHER_LABEL, ["projection_lag", "info", "agents"]],
  [
    "a decision withdrawn where there is no rule",
    `DELETE FROM topic_label_reconcile_decision WHERE coll = 'governance_registry'`,
    ["projection_lag", "warning", "governance_registry"],
  ],
  [
    "a confidence that falls below the threshold",
    `UPDATE axis_assignment SET confidence = 0.69 WHERE object_ref = 'workflows' AND axis_code = 'topic'`,
    ["low_confidence_assignment", "warning", "workflows"],
  ],
  [
    "a confidence that is not known",
    `UPDATE axis_assignment SET confidence = NULL WHERE object_ref = 'workflows' AND axis_code = 'topic'`,
    ["low_confidence_assignment", "warning", "workflows"],
  ],
  [
    "a candidate value older than 30 days",
    `INSERT INTO axis_value (axis_code, value_code, status, created_at) VALUES ('containment', 'GRP-OLD', 'candidate', now() - interval '31 days')`,
    ["stale_candidate", "info", "GRP-OLD"],
  ],
  [
    "an axis not active that rows use",
    `INSERT INTO axis_registry (axis_code, axis_name, axis_family, axis_kind) VALUES ('pivot', 'Pivot', 'pivot', 'system');
     INSERT INTO axis_value (axis_code, value_code, status) VALUES ('pivot', 'p', 'active')`,
    ["unregistered_axis", "warning", "pivot"],
  ],
  [
    "a containment assignment deleted",
    `DELETE FROM axis_assignment WHERE object_ref = 'agents' AND axis_code = 'containment'`,
    ["axis_assignment_missing", "info", "agents"],
  ],
  [
    "an owner withdrawn from a candidate",
    `UPDATE axis_object_ownership SET status = 'revoked' WHERE object_ref = 'workflows' AND axis_code = 'topic'`,
    ["ui_visible_unapproved", "warning", "workflows"],
  ],
  [
    "an active axis without a rule",
    `INSERT INTO axis_registry (axis_code, axis_name, axis_family, axis_kind, status) VALUES ('pivot', 'Pivot', 'pivot', 'system', 'active')`,
    ["coverage_rule_missing", "info", "pivot"],
  ],
  [
    "an object below two roots",
    `${TOPIC(`'collection', 'agents', 'topic', 'workflow-exec', 'approved', 0.9, '{}', 'human'`)};
     INSERT INTO topic_label_reconcile_decision (coll, topic_value, decision_kind, decided_by, rationale)
       VALUES ('agents', 'workflow-exec', 'accept_orthogonal_facet', 'test', 'test');
     UPDATE entity_labels SET assigned_at = now() + interval '1 day' WHERE rule_id = (SELECT id FROM label_rules WHERE condition ->> 'collection' = 'agents')`,
    ["conflicting_parentage", "critical", "agents"],
  ],
];

test.each(WOKEN)("%s is found, once", async (_what, fault, finding) => {
  await withDatabase("tier-6", async (db) => {
    const known = new Set(
      (await db.rows("SELECT detector_code, severity, object_ref FROM v_drift_finding")).map(String),
    );
    await db.query(fault);
    const found = await db.rows("SELECT detector_code, severity, object_ref FROM v_drift_finding");
    // A finding that the fault repeats on the same object is one more row of the same text.
    expect(found.filter((row) => !known.has(String(row)))).toEqual([finding]);
  });
});

test("labels that catch up leave no lag; the day counts in UTC, whatever the session’s time zone", async () => {
  await withDatabase("tier-6", async (db) => {
    await db.query(`SET timezone = 'Pacific/Kiritimati'`);
    expect(
      await db.rows("SELECT coll, lag_days FROM v_projection_lag_timing WHERE lag_days IS NOT NULL ORDER BY 1"),
    ).toEqual([
      ["agents", 75],
      ["modules", 66],
      ["tasks", 5],
    ]);
    await db.query(`UPDATE entity_labels SET assigned_at = now() AT TIME ZONE 'UTC' + interval '1 minute'
      WHERE rule_id = (SELECT id FROM label_rules WHERE condition ->> 'collection' = 'agents')`);
    expect(await db.rows("SELECT coll, timing FROM v_projection_lag_timing WHERE coll = 'agents'")).toEqual([
      ["agents", "fresh"],
    ]);
  });
});

test("a lag above 30 days is a warning, one of 30 is information", async () => {
  await withDatabase("tier-6", async (db) => {
    const lag = async (days: number) => {
      await db.query(`UPDATE entity_labels SET assigned_at = (now() AT TIME ZONE 'UTC')::date - ${days}
        WHERE rule_id = (SELECT id FROM label_rules WHERE condition ->> 'collection' = 'agents')`);
      await db.query(`UPDATE axis_assignment SET assigned_at = (date_trunc('day', now() AT TIME ZONE 'UTC') + interval '12 hours') AT TIME ZONE 'UTC'
        WHERE object_ref = 'agents' AND axis_code = 'topic'`);
      return db.value(
        `SELECT severity FROM v_drift_finding WHERE detector_code = 'projection_lag_timing' AND object_ref = 'agents'`,
      );
    };
    expect([await lag(30), await lag(31)]).toEqual(["info", "warning"]);
  });
});

test("the two detectors of labels, which read the labels once for both, tell what their views tell", async () => {
  await withDatabase("tier-6", async (db) => {
    const rule = (collection: string) =>
      `(SELECT min(id) FROM label_rules WHERE condition ->> 'collection' = '${collection}')`;
    await db.query(`
      SET timezone = 'UTC'; UPDATE taxonomy SET status = 'deprecated' WHERE code = 'LBL-601';
      INSERT INTO label_rules (name, rule_type, condition, label_code, status)
        VALUES ('second', 'collection', '{"collection": "modules"}', 'LBL-101', 'active'),
               ('retired', 'collection', '{"collection": "tasks"}', 'LBL-102', 'retired');
      INSERT INTO entity_labels (entity_type, entity_code, label_code, rule_id, assigned_by, assigned_at)
        VALUES ('x', '1', 'LBL-999', NULL, 'human', now()), ('x', '2', 'LBL-999', ${rule("agents")}, 'rule', now() + interval '1 day'),
               ('x', '3', 'LBL-103', ${rule("workflows")}, 'rule', now() - interval '2 days'),
               ('x', '4', 'LBL-101', (SELECT id FROM label_rules WHERE name = 'second'), 'rule', now() - interval '40 days'),
               ('x', '5', 'LBL-102', (SELECT id FROM label_rules WHERE name = 'retired'), 'rule', now());
      INSERT INTO axis_assignment (object_type, object_ref, axis_code, value_code, zone, provenance, assigned_kind, status)
        VALUES ('collection', 'modules', 'topic', 'data-platform', 'approved', '{}', 'human', 'active'),
               ('collection', 'tasks', 'topic', 'governance', 'approved', '{}', 'human', 'revoked')`);
    const found = (detector: string) =>
      db.rows(
        `SELECT object_ref, value_code, severity, detail FROM v_drift_finding WHERE detector_code = '${detector}' ORDER BY 1, 2`,
      );
    expect(await found("label_orphan")).toEqual(
      await db.rows(
        `SELECT label_code, NULL, 'warning', jsonb_build_object('uses', uses) FROM v_reconcile_label_orphan ORDER BY 1`,
      ),
    );
    expect(await db.rows("SELECT label_code, uses > 1 FROM v_reconcile_label_orphan ORDER BY 1")).toEqual([
      ["LBL-601", true],
      ["LBL-999", true],
    ]);
    expect(await found("projection_lag_timing")).toEqual(
      await db.rows(`SELECT coll, topic_value, CASE WHEN lag_days <= 30 THEN 'info' ELSE 'warning' END,
          jsonb_build_object('timing', timing, 'lag_days', lag_days)
        FROM v_projection_lag_timing WHERE timing <> 'fresh' ORDER BY 1, 2`),
    );
    expect(
      await db.rows("SELECT coll, topic_value, timing, lag_days FROM v_projection_lag_timing ORDER BY 1, 2"),
    ).toEqual([
      ["agents", "ai-ops", "fresh", expect.any(Number)],
      ["modules", "data-platform", "lagging", 40],
      ["modules", "workflow", "lagging", 40],
      ["tasks", "ai-ops", "lagging", 5],
      ["workflows", "workflow", "lagging", 2],
    ]);
  });
});
