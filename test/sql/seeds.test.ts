import { database, RATIFIED, type TestDatabase } from "../support/database/database";

const SCOPES = ["approval", "audit", "execution", "health", "policy", "render"];
const AGENCY: Record<string, string> = {
  "GRP-AI": "GOV-DOT",
  "GRP-BUSINESS": "GOV-MOIT",
  "GRP-GOVERNANCE": "GOV-COUNCIL",
  "GRP-REGISTRY": "GOV-KG-SYS",
  "GRP-WORKFLOW": "GOV-DOT",
};
const GROUPS = Object.keys(AGENCY);
const TOPIC_TAG = "PROD_topic_2026-06-03";
const CONTAINMENT_TAG = "PROD_containment_2026-06-03";
const SEED = "PROD_OWNERSHIP_SEED_2026-06-03";

let db: TestDatabase;
const rowsOf = (sql: string) => db.rows(sql);

beforeAll(async () => {
  db = await database("tier-5");
});

afterAll(() => db.drop());

test("the three axes", async () => {
  expect(
    await rowsOf("SELECT axis_code, axis_family, axis_kind, status FROM axis_registry ORDER BY axis_code"),
  ).toEqual([
    ["containment", "structural", "deterministic", "active"],
    ["responsibility", "structural", "system", "active"],
    ["topic", "label", "uncertain", "active"],
  ]);
});

test("the three rules", async () => {
  const sql = `SELECT rule_code, axis_code, applies_to, coverage_mode, confidence_threshold::float, staleness_days,
      required_owner_kind, status FROM coverage_rule ORDER BY rule_code`;
  expect(await rowsOf(sql)).toEqual([
    ["CR-CONTAIN-ASSIGNED", "containment", "collection", "per_assignment", 0.5, 0, "accountable", "active"],
    ["CR-RESP-ALL", "responsibility", "collection", "cross_product", null, 0, "accountable", "active"],
    ["CR-TOPIC-ASSIGNED", "topic", "collection", "per_assignment", 0.7, 30, "accountable", "active"],
  ]);
});

test("the values of responsibility and containment are the scopes and the groups", async () => {
  const sql = `SELECT axis_code, value_code, parent_value_code, status FROM axis_value WHERE axis_code <> 'topic' ORDER BY 1, 2`;
  expect(await rowsOf(sql)).toEqual([
    ...GROUPS.map((group) => ["containment", group, null, "active"]),
    ...SCOPES.map((scope) => ["responsibility", scope, null, "active"]),
  ]);
});

test("the 30 rows of the ownership seed", async () => {
  const sql = `SELECT object_type, object_ref, scope, owner_kind, owner_gov_code, is_inherited_anchor, lifecycle_status,
      approval_ref, created_by FROM governance_object_ownership ORDER BY object_ref, scope`;
  expect(await rowsOf(sql)).toEqual(
    GROUPS.flatMap((group) =>
      SCOPES.map((scope) => ["group", group, scope, "accountable", AGENCY[group], true, "active", RATIFIED, SEED]),
    ),
  );
});

test("30 direct and 210 inherited owners in effect", async () => {
  const sql = `SELECT resolution, count(*)::int FROM v_object_effective_owner GROUP BY 1 ORDER BY 1`;
  expect(await rowsOf(sql)).toEqual([
    ["direct", 30],
    ["inherited", 210],
  ]);
});

test("the 35 containment assignments follow the live groups", async () => {
  const sql = `SELECT a.object_type, a.object_ref, a.value_code, a.zone, a.confidence::float, a.assigned_kind, a.status,
      a.provenance IS NOT NULL AS has_provenance, a.tag
    FROM axis_assignment a WHERE a.axis_code = 'containment' ORDER BY a.object_ref`;
  const edges = await db.query(
    "SELECT object_type, object_ref, parent_ref FROM v_governance_object_containment ORDER BY object_ref",
  );
  expect(edges).toHaveLength(35);
  expect(await rowsOf(sql)).toEqual(
    edges.map((edge) => [
      edge.object_type,
      edge.object_ref,
      edge.parent_ref,
      "approved",
      1,
      "rule",
      "active",
      true,
      CONTAINMENT_TAG,
    ]),
  );
});

test("the 35 containment owners are the agencies of Tier 3’s rows", async () => {
  const sql = `SELECT o.object_ref, o.value_code, o.owner_gov_code, o.owner_kind, o.status, o.approval_ref, o.tag
    FROM axis_object_ownership o JOIN v_governance_object_containment c ON c.object_ref = o.object_ref AND c.parent_ref = o.value_code
    WHERE axis_code = 'containment'`;
  const rows = await db.query(sql);
  expect(rows).toHaveLength(35);
  for (const row of rows) {
    expect(row).toMatchObject({
      owner_gov_code: AGENCY[row.value_code],
      owner_kind: "accountable",
      status: "active",
      approval_ref: RATIFIED,
      tag: CONTAINMENT_TAG,
    });
  }
});

test("the 9 topics", async () => {
  const sql = `SELECT value_code, parent_value_code, status, provenance ->> 'op', provenance ->> 'merged_into', tag
    FROM axis_value WHERE axis_code = 'topic' ORDER BY value_code`;
  const operation = expect.anything();
  expect(await rowsOf(sql)).toEqual([
    ["ai-ops", "governance", "active", null, null, TOPIC_TAG],
    ["data-platform", null, "active", null, null, TOPIC_TAG],
    ["gov-legacy", null, "deprecated", operation, "governance", TOPIC_TAG],
    ["governance", null, "active", null, null, TOPIC_TAG],
    ["kg-domain-x", "registry-kg", "active", null, null, TOPIC_TAG],
    ["observability", null, "active", null, null, TOPIC_TAG],
    ["registry-kg", "governance", "active", null, null, TOPIC_TAG],
    ["workflow", null, "active", null, null, TOPIC_TAG],
    ["workflow-exec", "workflow", "active", "split", null, TOPIC_TAG],
  ]);
});

test("kg-domain-x says that it was ratified, by whom and what it was before", async () => {
  expect(await db.value(`SELECT provenance FROM axis_value WHERE value_code = 'kg-domain-x'`)).toMatchObject({
    kind: "kg_ratified",
    prior_kind: "kg_provisional",
    ratified_by: "GOV-KG-SYS",
  });
});

test("the 7 map rows", async () => {
  expect(await rowsOf("SELECT topic_value, label_code, map_kind, tag FROM topic_taxonomy_map ORDER BY 1, 2")).toEqual(
    [
      ["ai-ops", "LBL-006"],
      ["ai-ops", "LBL-061"],
      ["data-platform", "LBL-002"],
      ["kg-domain-x", "LBL-101"],
      ["observability", "LBL-014"],
      ["registry-kg", "LBL-101"],
      ["workflow", "LBL-004"],
    ].map((row) => [...row, "inferred", TOPIC_TAG]),
  );
});

test("the 6 topic assignments", async () => {
  const sql = `SELECT object_ref, value_code, zone, confidence::float, assigned_kind, provenance IS NULL,
      round(extract(epoch FROM now() - assigned_at) / 86400)::int, status, tag
    FROM axis_assignment WHERE axis_code = 'topic' AND object_type = 'collection' ORDER BY object_ref`;
  expect(await rowsOf(sql)).toEqual([
    ["agents", "ai-ops", "candidate", 0.92, "human", false, 0, "active", TOPIC_TAG],
    ["governance_registry", "registry-kg", "candidate", 0.85, "agent", false, 0, "active", TOPIC_TAG],
    ["iu_staging_record", "ai-ops", "quarantine", null, expect.any(String), true, 0, "active", TOPIC_TAG],
    ["modules", "workflow", "candidate", 0.55, "agent", false, 0, "active", TOPIC_TAG],
    ["tasks", "ai-ops", "candidate", 0.8, "agent", false, 60, "active", TOPIC_TAG],
    ["workflows", "workflow", "candidate", 0.96, "human", false, 0, "active", TOPIC_TAG],
  ]);
});

test("the 5 topic owners: the group’s agency, but GOV-DOT for modules, and none for what is in quarantine", async () => {
  const sql = `SELECT object_ref, value_code, owner_gov_code, owner_kind, status, approval_ref, tag
    FROM axis_object_ownership WHERE axis_code = 'topic' ORDER BY object_ref`;
  const owner = (...row: string[]) => [...row, "accountable", "active", RATIFIED, TOPIC_TAG];
  expect(await rowsOf(sql)).toEqual([
    owner("agents", "ai-ops", "GOV-DOT"),
    owner("governance_registry", "registry-kg", "GOV-COUNCIL"),
    owner("modules", "workflow", "GOV-DOT"),
    owner("tasks", "ai-ops", "GOV-MOIT"),
    owner("workflows", "workflow", "GOV-DOT"),
  ]);
});

test("the 6 decisions, each with a reason", async () => {
  const sql = `SELECT coll, topic_value, decision_kind, rationale <> '', decided_by <> '', tag
    FROM topic_label_reconcile_decision ORDER BY coll`;
  const decision = (coll: string, topic: string, kind: string) => [coll, topic, kind, true, true, TOPIC_TAG];
  expect(await rowsOf(sql)).toEqual([
    decision("agents", "ai-ops", "accept_orthogonal_facet"),
    decision("governance_registry", "registry-kg", "accept_projection_pending"),
    decision("iu_staging_record", "ai-ops", "accept_quarantine_hold"),
    decision("modules", "workflow", "accept_orthogonal_facet"),
    decision("tasks", "ai-ops", "accept_orthogonal_facet"),
    decision("workflows", "workflow", "accept_orthogonal_facet"),
  ]);
});

test("nothing is in the event log, and nothing has been scanned before Tier 6", async () => {
  for (const table of [
    "governance_event_log",
    "governance_scan_run",
    "governance_drift_state",
    "axis_candidate_finding",
  ]) {
    expect(await db.value(`SELECT count(*)::int FROM ${table}`)).toBe(0);
  }
});

test("the provenance of every seeded value and assignment speaks the domain’s words", async () => {
  const wrong = `SELECT value_code FROM axis_value WHERE axis_code = 'topic' AND (
      provenance ->> 'designated_by' NOT IN ('human', 'agent') OR provenance ->> 'designated_by' IS NULL
      OR provenance ->> 'kind' NOT IN ('human_designated', 'ai_proposed', 'kg_provisional', 'kg_ratified')
      OR provenance ->> 'kind' IS NULL)`;
  expect(await db.query(wrong)).toEqual([]);
});
