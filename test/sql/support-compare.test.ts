import { catalogAndRows, differences } from "../support/database/compare";
import { database, withDatabase, type TestDatabase } from "../support/database/database";

/** The comparison that other tests rely on must notice each of these, and none of the harmless ones. */
describe("the comparison of two databases", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("tier-6");
  });

  afterAll(() => db.drop());

  test.each([
    [
      "a row more",
      "INSERT INTO taxonomy_facets (id, code, name) VALUES (11, 'x', 'x')",
      "public.taxonomy_facets: 10 rows",
    ],
    ["a value changed", "UPDATE dot_tools SET name = name || '!' WHERE id = 1", "public.dot_tools: 309 rows"],
    ["a table", "CREATE TABLE t ()", "+ relation public.t"],
    ["a table in another schema", "CREATE SCHEMA s; CREATE TABLE s.t ()", "+ relation s.t"],
    ["a column", "ALTER TABLE taxonomy ADD COLUMN x int", "+ column public.taxonomy.x"],
    ["a default", "ALTER TABLE taxonomy ALTER COLUMN status SET DEFAULT 'x'", "default 'x'"],
    ["a NOT NULL dropped", "ALTER TABLE collection_registry ALTER COLUMN governance_role DROP NOT NULL", "notnull f"],
    ["a constraint", "ALTER TABLE taxonomy ADD CHECK (code <> '')", "+ constraint public.taxonomy"],
    ["an index", "CREATE INDEX i ON taxonomy (name)", "+ index CREATE INDEX i"],
    ["a trigger disabled", "ALTER TABLE event_outbox DISABLE TRIGGER USER", "enabled D"],
    [
      "a view’s text",
      "CREATE OR REPLACE VIEW v_object_owner_conflict AS SELECT object_type, object_ref, scope::text AS scope, 1 AS owners FROM governance_object_ownership",
      "+ rule public.v_object_owner_conflict",
    ],
    [
      "a function’s text",
      "CREATE OR REPLACE FUNCTION fn_system_issues_code() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
      "+ routine public.fn_system_issues_code",
    ],
    ["a comment", "COMMENT ON TABLE taxonomy IS 'x'", "+ comment on table taxonomy: x"],
    ["a grant", "GRANT SELECT ON taxonomy TO one_roof_reader", "one_roof_reader"],
    ["a sequence’s step", "ALTER SEQUENCE taxonomy_id_seq INCREMENT 2", "increment 2"],
    ["a table written anew", "TRUNCATE governance_event_log", "+ relation public.governance_event_log"],
    ["a row policy", "ALTER TABLE taxonomy ENABLE ROW LEVEL SECURITY", "rls t"],
  ])("notices %s", async (_, change, text) => {
    const before = await catalogAndRows(db.url);
    await db.query(change);
    const changes = differences(before, await catalogAndRows(db.url));
    expect(changes.join("\n")).toContain(text);
  });

  test("does not notice sequences that moved, statistics, or rows in another order", async () => {
    const before = await catalogAndRows(db.url);
    await db.query(`SELECT nextval('governance_object_ownership_id_seq'); ANALYZE taxonomy`);
    await db.query("UPDATE label_rules SET name = name");
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  });
});

test("a copy of a database is equal to it but for its name", async () => {
  await withDatabase("tier-6", async (one) => {
    await withDatabase("tier-6", async (other) => {
      const changes = differences(await catalogAndRows(one.url), await catalogAndRows(other.url));
      expect(changes.map((line) => line.slice(0, 14))).toEqual(["- setting of a", "+ setting of a"]);
    });
  });
});
