import { database, type TestDatabase } from "../support/database/database";
import { VIEWS } from "../support/database/objects";

let db: TestDatabase;
const rowsOf = (sql: string) => db.rows(sql);

beforeAll(async () => {
  db = await database("tier-6");
});

afterAll(() => db.drop());

/** How many rows each of the 31 views has at the end. */
const ROWS: Record<string, number> = {
  v_axis_required_cell: 210 + 35 + 6,
  v_axis_effective_owner: 240 + 35 + 5,
  v_axis_coverage_gap: 1,
  v_axis_assignment_quality: 41,
  v_axis_registry_coverage: 3,
  v_axis_missing_assignment: 29,
  v_axis_coverage_summary: 3,
  v_axis_issue_payload: 33,
  v_axis_topic_parentage_conflict: 0,
  v_reconcile_label_orphan: 0,
  v_reconcile_topic_without_label: 2,
  v_reconcile_label_without_topic: 51,
  v_reconcile_collection_topic_vs_label: 6,
  v_reconcile_topic_projection_gap: 0,
  v_reconcile_summary: 1,
  v_drift_finding: 38,
  v_drift_summary: 11,
  v_drift_stale_candidate_value: 0,
  v_drift_unregistered_axis: 0,
  v_drift_ui_visible_unapproved: 1,
  v_drift_coverage_rule_missing: 0,
  v_projection_lag_timing: 4,
  v_drift_event_map: 11,
  v_drift_issue_payload: 38,
  v_ui_topic_tree: 9,
  v_ui_object_topic: 6,
  v_ui_axis_browser: 3,
  v_ui_lane: 2,
  v_ui_detector_findings: 38,
  v_ui_review_queue: 6,
  v_ui_coverage_dashboard: 1,
};

test.each(VIEWS)("%s has as many rows as expected", async (view) => {
  expect(await db.value(`SELECT count(*)::int FROM ${view}`)).toBe(ROWS[view]);
});

describe("for the user interface", () => {
  test("the topic tree", async () => {
    const sql = "SELECT topic, parent, status, provenance_kind, depth, path FROM v_ui_topic_tree ORDER BY path";
    expect(await rowsOf(sql)).toEqual([
      ["data-platform", null, "active", "human_designated", 0, "data-platform"],
      ["gov-legacy", null, "deprecated", "ai_proposed", 0, "gov-legacy"],
      ["governance", null, "active", "human_designated", 0, "governance"],
      ["ai-ops", "governance", "active", "ai_proposed", 1, "governance/ai-ops"],
      ["registry-kg", "governance", "active", "ai_proposed", 1, "governance/registry-kg"],
      ["kg-domain-x", "registry-kg", "active", "kg_ratified", 2, "governance/registry-kg/kg-domain-x"],
      ["observability", null, "active", "ai_proposed", 0, "observability"],
      ["workflow", null, "active", "human_designated", 0, "workflow"],
      ["workflow-exec", "workflow", "active", "ai_proposed", 1, "workflow/workflow-exec"],
    ]);
  });

  test("the topics of objects", async () => {
    const sql = `SELECT object, topic, zone, confidence, assigned_kind, owner_gov_code, owner_kind, lane
      FROM v_ui_object_topic ORDER BY object`;
    expect(await rowsOf(sql)).toEqual([
      ["agents", "ai-ops", "candidate", 0.92, "human", "GOV-DOT", "accountable", "official"],
      ["governance_registry", "registry-kg", "candidate", 0.85, "agent", "GOV-COUNCIL", "accountable", "official"],
      ["iu_staging_record", "ai-ops", "quarantine", null, expect.any(String), null, null, "candidate"],
      ["modules", "workflow", "candidate", 0.55, "agent", "GOV-DOT", "accountable", "official"],
      ["tasks", "ai-ops", "candidate", 0.8, "agent", "GOV-MOIT", "accountable", "official"],
      ["workflows", "workflow", "candidate", 0.96, "human", "GOV-DOT", "accountable", "official"],
    ]);
  });

  test("the axes, the lanes and the dashboard", async () => {
    expect(
      await rowsOf("SELECT axis_code, required_cells, gap_cells FROM v_ui_axis_browser ORDER BY axis_code"),
    ).toEqual([
      ["containment", 35, 0],
      ["responsibility", 210, 0],
      ["topic", 6, 1],
    ]);
    expect(await rowsOf("SELECT * FROM v_ui_lane ORDER BY lane")).toEqual([
      ["candidate", 1],
      ["official", 5],
    ]);
    expect(await db.query("SELECT * FROM v_ui_coverage_dashboard")).toEqual([
      {
        id: 1,
        ownership_gap: 0,
        topic_gap: 1,
        active_axes: 3,
        open_drift: 38,
        critical_drift: 0,
        review_queue_size: 6,
        reconcile: {
          label_orphans: 0,
          topics_without_label: 2,
          labels_without_topic: 51,
          divergent_collections: 0,
          projection_gaps: 0,
        },
      },
    ]);
  });

  test("the review queue", async () => {
    const kinds = "SELECT item_kind, count(*)::int FROM v_ui_review_queue GROUP BY 1 ORDER BY 1";
    expect(await rowsOf(kinds)).toEqual([
      ["assignment_unowned", 1],
      ["drift", 5],
    ]);
    const unowned = `SELECT object_ref FROM v_ui_review_queue WHERE item_kind = 'assignment_unowned'`;
    expect(await db.value(unowned)).toBe("iu_staging_record");
  });

  test.each([
    ["v_ui_topic_tree", "topic"],
    ["v_ui_object_topic", "object, topic"],
    ["v_ui_axis_browser", "axis_code"],
    ["v_ui_lane", "lane"],
    ["v_ui_detector_findings", "finding_id"],
    ["v_ui_review_queue", "item_key"],
    ["v_ui_coverage_dashboard", "id"],
  ])("%s has the unique key %s", async (view, key) => {
    const [row] = await db.query(`SELECT count(*)::int AS rows, count(DISTINCT (${key}))::int AS keys FROM ${view}`);
    expect(row).toEqual({ rows: ROWS[view], keys: ROWS[view] });
  });

  test("the findings come critical first, then warnings", async () => {
    await db.query("BEGIN");
    await db.query(
      `UPDATE governance_drift_state SET severity = 'critical' WHERE detector_code = 'projection_lag_timing' AND object_ref = 'tasks'`,
    );
    const severities = (await db.query("SELECT severity FROM v_ui_detector_findings")).map((row) => row.severity);
    await db.query("ROLLBACK");
    expect([...new Set(severities)]).toEqual(["critical", "warning", "info"]);
    expect(severities.indexOf("info")).toBe(6);
  });
});

describe("reconciliation", () => {
  test("the six collections, by what their two sides say", async () => {
    const sql = `SELECT coll, topic_value, raw_flag, flag, topic_labels, rule_labels FROM v_reconcile_collection_topic_vs_label ORDER BY coll`;
    const accepted = "reconciled_accept_orthogonal_facet";
    const aiOps = ["LBL-006", "LBL-061"];
    expect(await rowsOf(sql)).toEqual([
      ["agents", "ai-ops", "orthogonal_facet", accepted, aiOps, ["LBL-104"]],
      ["governance_registry", "registry-kg", "no_label_rule", "reconciled_accept_projection_pending", ["LBL-101"], []],
      ["iu_staging_record", "ai-ops", "no_label_rule", "reconciled_accept_quarantine_hold", aiOps, []],
      ["modules", "workflow", "orthogonal_facet", accepted, ["LBL-004"], ["LBL-101"]],
      ["tasks", "ai-ops", "orthogonal_facet", accepted, aiOps, ["LBL-102"]],
      ["workflows", "workflow", "orthogonal_facet", accepted, ["LBL-004"], ["LBL-103", "LBL-304"]],
    ]);
  });

  test("topics without a label", async () => {
    expect(await rowsOf("SELECT topic_value FROM v_reconcile_topic_without_label ORDER BY 1")).toEqual([
      ["governance"],
      ["workflow-exec"],
    ]);
  });

  test("how far labels lag behind", async () => {
    const sql = "SELECT coll, timing, lag_days FROM v_projection_lag_timing ORDER BY coll";
    expect(await rowsOf(sql)).toEqual([
      ["agents", "lagging", 75],
      ["modules", "lagging", 66],
      ["tasks", "lagging", 5],
      ["workflows", "never_projected", null],
    ]);
  });
});

describe("axes and events", () => {
  test("coverage in numbers", async () => {
    expect(await rowsOf("SELECT * FROM v_axis_coverage_summary ORDER BY axis_code")).toEqual(
      [
        ["containment", 35, 0, 35, 0, 0, 0],
        ["responsibility", 210, 0, 0, 0, 0, 0],
        ["topic", 6, 1, 3, 1, 1, 1],
      ].map(([axis, ...counts]) => [axis, ...counts.map(String)]),
    );
  });

  test("the quality of each topic assignment", async () => {
    const sql = `SELECT object_ref, flag FROM v_axis_assignment_quality WHERE axis_code = 'topic' ORDER BY 1`;
    expect(await rowsOf(sql)).toEqual([
      ["agents", "ok"],
      ["governance_registry", "ok"],
      ["iu_staging_record", "quarantine"],
      ["modules", "low_confidence"],
      ["tasks", "stale"],
      ["workflows", "ok"],
    ]);
  });

  test("the one gap, the one visible but unapproved assignment", async () => {
    expect(await rowsOf("SELECT axis_code, object_ref, value_code FROM v_axis_coverage_gap")).toEqual([
      ["topic", "iu_staging_record", "ai-ops"],
    ]);
    expect(await rowsOf("SELECT axis_code, object_ref FROM v_drift_ui_visible_unapproved")).toEqual([
      ["topic", "iu_staging_record"],
    ]);
  });

  test("the event type of each detector", async () => {
    expect(await rowsOf("SELECT detector_code, event_type FROM v_drift_event_map ORDER BY 1")).toEqual([
      ["axis_assignment_missing", "coverage.scan_completed"],
      ["conflicting_parentage", "coverage.scan_completed"],
      ["coverage_rule_missing", "coverage.scan_completed"],
      ["label_orphan", "coverage.scan_completed"],
      ["low_confidence_assignment", "input.untrusted_source"],
      ["projection_lag", "coverage.scan_completed"],
      ["projection_lag_timing", "coverage.scan_completed"],
      ["stale_candidate", "candidate.scan_completed"],
      ["topic_without_label", "coverage.scan_completed"],
      ["ui_visible_unapproved", "input.untrusted_source"],
      ["unregistered_axis", "coverage.scan_completed"],
    ]);
  });

  test("the events that candidate findings would be, none of them to be sent", async () => {
    const sql = `SELECT finding_type, event_type, emittable, count(*)::int FROM v_axis_issue_payload GROUP BY 1, 2, 3 ORDER BY 1`;
    expect(await rowsOf(sql)).toEqual([
      ["low_confidence", "input.untrusted_source", false, 1],
      ["missing_assignment", "coverage.scan_completed", false, 29],
      ["missing_owner", "coverage.scan_completed", false, 1],
      ["quarantine", "input.untrusted_source", false, 1],
      ["stale_topic", "candidate.scan_completed", false, 1],
    ]);
    expect(await db.value("SELECT bool_or(emittable) FROM v_drift_issue_payload")).toBe(false);
  });
});

test("the read contract reads all seven", async () => {
  const { code, stdout } = await db.psql(["-At", "-f", "sql/prod_verify/ui_read_contract.sql"]);
  expect([
    code,
    stdout
      .trim()
      .split("\n")
      .map((line) => line.split("|").slice(0, 2).join(" ")),
  ]).toEqual([
    0,
    Object.entries(ROWS)
      .filter(([view]) => view.startsWith("v_ui_"))
      .map(([view, rows]) => `${view} ${rows}`)
      .sort(),
  ]);
});
