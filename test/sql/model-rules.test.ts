import { database, type TestDatabase } from "../support/database/database";

/** What the domain settles about edges: each in a transaction of its own that is rolled back. */
describe("the model", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("tier-6");
  });

  afterAll(() => db.drop());

  beforeEach(() => db.query("BEGIN"));
  afterEach(() => db.query("ROLLBACK"));

  const required = () =>
    db.rows("SELECT axis_code, count(*)::int FROM v_axis_required_cell GROUP BY axis_code ORDER BY axis_code");
  const CELLS = [
    ["containment", 35],
    ["responsibility", 210],
    ["topic", 6],
  ];

  test.each([
    ["not born yet", "'unborn', 'primary'"],
    ["a projection, which needs no owner", "'born', 'projection'"],
  ])("does not require a collection that is %s", async (_, row) => {
    await db.query(`INSERT INTO collection_registry
      (collection_name, "group", governance_role, coverage_status, migration_state, storage_role)
      VALUES ('newcomer', 'GRP-AI', 'governed', 'BIRTH_REQUIRED', ${row})`);
    await db.query(`INSERT INTO axis_assignment (object_type, object_ref, axis_code, value_code, zone, provenance, assigned_kind)
      VALUES ('collection', 'newcomer', 'containment', 'GRP-AI', 'approved', '{}', 'rule')`);
    expect(await required()).toEqual(CELLS);
    expect(await db.value("SELECT count(*)::int FROM v_axis_missing_assignment")).toBe(29);
  });

  test("requires a cell for each active assignment only, quarantine included", async () => {
    await db.query(
      `UPDATE axis_assignment SET status = 'superseded' WHERE axis_code = 'topic' AND object_ref = 'agents'`,
    );
    expect(await required()).toEqual([...CELLS.slice(0, 2), ["topic", 5]]);
    await db.query(
      `UPDATE axis_assignment SET status = 'revoked' WHERE object_ref = 'iu_staging_record' AND axis_code = 'topic'`,
    );
    expect(await required()).toEqual([...CELLS.slice(0, 2), ["topic", 4]]);
  });

  test("counts required cells and gaps as the views of cells do, whatever is owned by whom", async () => {
    await db.query(`
      UPDATE governance_object_ownership SET lifecycle_status = 'revoked' WHERE object_ref = 'GRP-AI' AND scope <> 'audit';
      UPDATE axis_object_ownership SET owner_kind = 'supporting' WHERE object_ref IN ('tasks', 'modules');
      UPDATE axis_registry SET status = 'deprecated' WHERE axis_code = 'topic';
      UPDATE coverage_rule SET required_owner_kind = 'supporting' WHERE axis_code = 'containment';
      INSERT INTO axis_registry (axis_code, axis_name, axis_family, axis_kind, status)
        VALUES ('pivot', 'Pivot', 'pivot', 'system', 'active')`);
    const counted = await db.rows(
      "SELECT axis_code, required_cells, gap_cells FROM v_axis_coverage_summary ORDER BY 1",
    );
    expect(counted).toEqual([
      ["containment", "35", "33"],
      ["pivot", "0", "0"],
      ["responsibility", "210", "5"],
    ]);
    expect(counted).toEqual(
      await db.rows(`SELECT axis_code,
          (SELECT count(*) FROM v_axis_required_cell AS cell WHERE cell.axis_code = axis.axis_code),
          (SELECT count(*) FROM v_axis_coverage_gap AS gap WHERE gap.axis_code = axis.axis_code)
        FROM axis_registry AS axis WHERE status = 'active' ORDER BY 1`),
    );
  });

  test.each([
    ["retired", `UPDATE coverage_rule SET status = 'retired' WHERE axis_code = 'topic'`],
    ["of an axis that is not active", `UPDATE axis_registry SET status = 'deprecated' WHERE axis_code = 'topic'`],
    ["for other objects", `UPDATE coverage_rule SET applies_to = 'law' WHERE axis_code = 'topic'`],
  ])("requires nothing by a rule that is %s", async (_, sql) => {
    await db.query(sql);
    expect(await required()).toEqual(CELLS.slice(0, 2));
  });

  test("calls a confidence at the threshold enough, and what is exactly not yet 30 days old fresh", async () => {
    await db.query(`UPDATE axis_assignment SET confidence = 0.70, assigned_at = now() - interval '30 days' + interval '1 second'
      WHERE axis_code = 'topic' AND object_ref = 'modules'`);
    const flag = `SELECT flag FROM v_axis_assignment_quality WHERE axis_code = 'topic' AND object_ref = 'modules'`;
    expect(await db.value(flag)).toBe("ok");
    await db.query(
      `UPDATE axis_assignment SET assigned_at = assigned_at - interval '2 seconds' WHERE object_ref = 'modules'`,
    );
    expect(await db.value(flag)).toBe("stale");
  });

  test("ranks quarantine above low confidence above stale", async () => {
    await db.query(`UPDATE axis_assignment SET confidence = 0.1, assigned_at = now() - interval '1 year', zone = CASE object_ref
      WHEN 'agents' THEN 'quarantine' ELSE zone END WHERE axis_code = 'topic' AND object_ref IN ('agents', 'workflows')`);
    const flags = `SELECT object_ref, flag FROM v_axis_assignment_quality
      WHERE axis_code = 'topic' AND object_ref IN ('agents', 'workflows') ORDER BY 1`;
    expect(await db.rows(flags)).toEqual([
      ["agents", "quarantine"],
      ["workflows", "low_confidence"],
    ]);
  });

  test.each([
    ["accept_orthogonal_facet", "reconciled_accept_orthogonal_facet"],
    ["accept_projection_pending", "orthogonal_facet"],
    ["accept_quarantine_hold", "orthogonal_facet"],
  ])("takes a decision %s on disjoint facets for what it covers", async (kind, flag) => {
    await db.query("UPDATE topic_label_reconcile_decision SET decision_kind = $1 WHERE coll = 'agents'", [kind]);
    expect(await db.value(`SELECT flag FROM v_reconcile_collection_topic_vs_label WHERE coll = 'agents'`)).toBe(flag);
  });

  test("shows a divergence that comes after a decision, and agreement where the sides share a label", async () => {
    const flag = `SELECT flag FROM v_reconcile_collection_topic_vs_label WHERE coll = 'agents'`;
    const rule = (label: string) =>
      `INSERT INTO label_rules (name, condition, label_code) VALUES ('new', '{"collection": "agents"}', '${label}')`;
    await db.query(rule("LBL-004"));
    expect(await db.value(flag)).toBe("divergent");
    await db.query(rule("LBL-061"));
    expect(await db.value(flag)).toBe("consistent");
  });

  test("counts a value that waits for promotion in the review queue", async () => {
    await db.query(`INSERT INTO axis_value (axis_code, value_code, parent_value_code, provenance)
      VALUES ('topic', 'proposed', 'governance', '{"designated_by": "agent", "kind": "ai_proposed"}')`);
    const rows = await db.rows(
      `SELECT item_kind, value_code FROM v_ui_review_queue WHERE item_kind = 'value_promotion'`,
    );
    expect(rows).toEqual([["value_promotion", "proposed"]]);
    expect(await db.value("SELECT review_queue_size FROM v_ui_coverage_dashboard")).toBe(7);
  });
});
