import { catalogAndRows, differences } from "../support/database/compare";
import { withDatabase } from "../support/database/database";
import { FULL_ROLLBACK, PER_TIER_ROLLBACK, rollbackFile } from "../support/database/files";
import { refusal, refusedAt } from "../support/database/refusal";

/** A value, an assignment to it and an owner of it, all on the containment axis. */
const ADDED = `
  INSERT INTO axis_value (axis_code, value_code, status, tag) VALUES ('containment', 'GRP-OTHER', 'active', 'others');
  INSERT INTO axis_assignment (object_type, object_ref, axis_code, value_code, zone, provenance, assigned_kind)
  VALUES ('collection', 'articles', 'containment', 'GRP-AI', 'approved', '{}', 'human')`;
const NAMED = "axis_assignment 1 (articles), axis_value 1 (GRP-OTHER)";
const ACCEPT = `others_rows ${NAMED}`;

test.each([
  ["in one go", FULL_ROLLBACK],
  ["tier by tier", PER_TIER_ROLLBACK],
])("%s, rows of others are a stop by table and number, until exactly their loss is accepted", async (_, file) => {
  await withDatabase("tier-6", async (db) => {
    await db.query(ADDED);
    const { code, stderr } = await db.file(file);
    expect([code, stderr]).toEqual([3, expect.stringContaining(`others_rows expected = none, measured ${NAMED}`)]);
    expect(stderr).toContain(`-v accept='${ACCEPT}'`);
    expect(await db.value("SELECT count(*)::int FROM axis_assignment WHERE object_ref = 'articles'")).toBe(1);

    expect((await db.file(file, { "one_roof.accept": "others_rows axis_value 1 (GRP-OTHER)" })).code).toBe(3);
    const accepted = await db.psql(["-v", `accept=${ACCEPT}`, "-f", file], { "one_roof.accept": ACCEPT });
    expect([accepted.code, /ERROR.*/.exec(accepted.stderr)?.[0]]).toEqual([0, undefined]);
    expect(await db.value("SELECT to_regclass('axis_value')::text")).toBeNull();
  });
});

test("in whichever of the tables they are", async () => {
  const added = {
    axis_registry: "(axis_code, axis_name, axis_family, axis_kind) VALUES ('mine', 'Mine', 'system', 'system')",
    axis_value: "(axis_code, value_code) VALUES ('mine', 'own')",
    coverage_rule: "(rule_code, axis_code, coverage_mode) VALUES ('CR-MINE', 'mine', 'per_assignment')",
    axis_assignment:
      "(object_type, object_ref, axis_code, value_code, zone, assigned_kind) VALUES ('collection', 'articles', 'mine', 'own', 'quarantine', 'human')",
    axis_object_ownership:
      "(object_type, object_ref, axis_code, value_code, owner_gov_code, owner_kind) VALUES ('collection', 'articles', 'mine', 'own', 'GOV-DOT', 'accountable')",
    topic_taxonomy_map: "(topic_value, label_code) VALUES ('workflow', 'LBL-002')",
    topic_label_reconcile_decision:
      "(coll, topic_value, decision_kind, decided_by) VALUES ('articles', 'workflow', 'accept_quarantine_hold', 'somebody')",
  };
  await withDatabase("tier-6", async (db) => {
    for (const [table, row] of Object.entries(added)) await db.query(`INSERT INTO ${table} ${row}`);
    const { code, stderr } = await db.file(FULL_ROLLBACK);
    const [, named = ""] = /others_rows expected = none, measured (.*?)(;|$)/m.exec(stderr) ?? [];
    const tables = [...named.matchAll(/(\w+) 1 \(/g)].map(([, table]) => table);
    expect({ code, tables }).toEqual({ code: 3, tables: Object.keys(added).sort() });
  });
});

test("a tier's own rollback asks for its axis only, and leaves those of others alone", async () => {
  await withDatabase("tier-5", async (db) => {
    await db.query(ADDED);
    expect((await db.file(rollbackFile(5))).code).toBe(0);
    expect(await refusal(db, rollbackFile(4))).toEqual(refusedAt("others_rows"));
  });
});

test("nothing but what may be lost can be accepted", async () => {
  await withDatabase("tier-6", async (db) => {
    const before = await catalogAndRows(db.url);
    const settings = { "one_roof.database": "directus", "one_roof.accept": `database ${db.name}` };
    expect((await db.file(FULL_ROLLBACK, settings)).code).toBe(3);
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  });
});
