import { database, withDatabase, type TestDatabase } from "../support/database/database";
import { tierFile } from "../support/database/files";
import { refusal, refusedAt } from "../support/database/refusal";

const UNKNOWN_LABEL = `ALTER TABLE label_rules DROP CONSTRAINT label_rules_label_code_fkey;
  UPDATE label_rules SET label_code = 'LBL-999' WHERE condition ->> 'collection' = 'agents'`;

let db: TestDatabase;

beforeAll(async () => {
  db = await database("tier-6");
});

afterAll(() => db.drop());

test("a rule for a label that nobody knows is decided by nobody: Tier 5 stops, the view calls it no rule", async () => {
  await withDatabase("tier-4", async (own) => {
    await own.query(UNKNOWN_LABEL);
    expect(await refusal(own, tierFile(5))).toEqual(refusedAt("rule_labels_unknown"));
  });
  await withDatabase("tier-5", async (own) => {
    await own.query(UNKNOWN_LABEL);
    const flag = "SELECT flag FROM v_reconcile_collection_topic_vs_label WHERE coll = 'agents'";
    expect(await own.value(flag)).toBe("no_label_rule");
  });
});

test("topics that an agent proposed say so", async () => {
  const rows = await db.rows(`SELECT value_code, provenance ->> 'designated_by', provenance ->> 'kind' FROM axis_value
    WHERE value_code IN ('ai-ops', 'registry-kg', 'observability', 'governance', 'data-platform') ORDER BY 1`);
  expect(rows).toEqual([
    ["ai-ops", "agent", "ai_proposed"],
    ["data-platform", "human", "human_designated"],
    ["governance", "human", "human_designated"],
    ["observability", "agent", "ai_proposed"],
    ["registry-kg", "agent", "ai_proposed"],
  ]);
});

test("the seed says since when it holds", async () => {
  const since =
    "SELECT count(*)::int FROM governance_object_ownership WHERE created_at IS NULL OR effective_from IS NULL";
  expect(await db.value(since)).toBe(0);
});

test.each([
  [
    "a map row of no topic",
    "INSERT INTO topic_taxonomy_map (topic_value, label_code) VALUES ('nonsense', 'LBL-003')",
    "23503",
  ],
  [
    "a decision on no topic",
    `INSERT INTO topic_label_reconcile_decision (coll, topic_value, decision_kind, decided_by)
     VALUES ('agents', 'nonsense', 'accept_quarantine_hold', 'x')`,
    "23503",
  ],
  [
    "an owner on the responsibility axis, which no view reads",
    `INSERT INTO axis_object_ownership (object_type, object_ref, axis_code, value_code, owner_gov_code, owner_kind)
     VALUES ('collection', 'agents', 'responsibility', 'audit', 'GOV-DOT', 'accountable')`,
    "23514",
  ],
])("%s is refused by the model itself", async (_, sql, code) => {
  await expect(db.query(sql)).rejects.toMatchObject({ code });
});
