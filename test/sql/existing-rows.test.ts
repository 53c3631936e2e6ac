import { catalogAndRows, differences } from "../support/database/compare";
import { withDatabase, type State } from "../support/database/database";
import { tierFile } from "../support/database/files";

const TOPIC = `INSERT INTO axis_registry (axis_code, axis_name, axis_family, axis_kind, status, created_by)
  VALUES ('topic', 'Bogus', 'semantic', 'uncertain', 'active', `;
const VALUE = `INSERT INTO axis_value (axis_code, value_code, status, provenance, tag)
  VALUES ('topic', 'ai-ops', 'retired', '{}', `;
const RULE = `INSERT INTO coverage_rule (rule_code, axis_code, coverage_mode, status, tag)
  VALUES ('CR-TOPIC-ASSIGNED', 'topic', 'per_assignment', 'deprecated', `;
const TAG = "'PROD_topic_2026-06-03')";

test.each<[what: string, tier: number, fault: string, gate: string, named: string[]]>([
  [
    "rows of others",
    5,
    `${TOPIC} 'somebody'); ${VALUE} 'x'); ${RULE} NULL)`,
    "others_rows",
    ["axis_registry 1 (topic)", "axis_value 1 (ai-ops)", "coverage_rule 1 (CR-TOPIC-ASSIGNED)"],
  ],
  [
    "rows that carry the tier's own tag",
    5,
    `${TOPIC} ${TAG}; ${VALUE} ${TAG}; ${RULE} ${TAG}`,
    "rows_differing",
    ["axis_registry topic", "axis_value ai-ops", "coverage_rule CR-TOPIC-ASSIGNED"],
  ],
  [
    "a value of the responsibility axis",
    2,
    `INSERT INTO axis_registry (axis_code, axis_name, axis_family, axis_kind) VALUES ('responsibility', 'R', 'system', 'system')`,
    "others_rows",
    ["axis_registry 1 (responsibility)"],
  ],
])("%s where Tier %i is going to write are refused, and named", async (_, tier, fault, gate, named) => {
  await withDatabase(`tier-${tier - 1}` as State, async (db) => {
    await db.query(fault);
    const before = await catalogAndRows(db.url);
    const { code, stderr } = await db.file(tierFile(tier));
    expect([code, differences(before, await catalogAndRows(db.url))]).toEqual([3, []]);
    expect(stderr).toMatch(new RegExp(`${gate} expected = none, measured `));
    for (const name of named) expect(stderr).toContain(name);
  });
});

test.each<[what: string, tier: number, fault: string, named: string]>([
  [
    "a parent moved",
    5,
    "UPDATE axis_value SET parent_value_code = 'workflow' WHERE value_code = 'observability'",
    "axis_value observability",
  ],
  [
    "a map row of another kind",
    5,
    "UPDATE topic_taxonomy_map SET map_kind = 'human' WHERE label_code = 'LBL-002'",
    "topic_taxonomy_map data-platform LBL-002",
  ],
  [
    "an assignment in another zone",
    5,
    "UPDATE axis_assignment SET zone = 'approved' WHERE axis_code = 'topic' AND object_ref = 'modules'",
    "axis_assignment modules",
  ],
  [
    "another decision",
    5,
    `UPDATE topic_label_reconcile_decision SET decision_kind = 'accept_quarantine_hold' WHERE coll = 'agents'`,
    "topic_label_reconcile_decision agents",
  ],
  [
    "another threshold",
    4,
    "UPDATE coverage_rule SET confidence_threshold = 0.1 WHERE rule_code = 'CR-CONTAIN-ASSIGNED'",
    "coverage_rule CR-CONTAIN-ASSIGNED",
  ],
  [
    "another name of the axis",
    2,
    "UPDATE axis_registry SET axis_name = 'Duty' WHERE axis_code = 'responsibility'",
    "axis_registry responsibility",
  ],
])("a second run finds %s and says so", async (_, tier, fault, named) => {
  await withDatabase(`tier-${tier}` as State, async (db) => {
    await db.query(fault);
    const { code, stderr } = await db.file(tierFile(tier));
    expect([code, stderr]).toEqual([3, expect.stringContaining(`rows_differing expected = none, measured ${named}`)]);
  });
});

test("what people add to the axis afterwards does not disturb a second run", async () => {
  await withDatabase("tier-5", async (db) => {
    await db.query(`INSERT INTO axis_assignment (object_type, object_ref, axis_code, value_code, zone, provenance, confidence, assigned_kind)
      VALUES ('collection', 'law_catalog', 'topic', 'governance', 'approved', '{}', 1, 'human')`);
    expect((await db.file(tierFile(5))).code).toBe(0);
  });
});
