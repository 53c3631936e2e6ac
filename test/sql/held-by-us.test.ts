/** What the runbook says that the application may no longer do is what the server says: no more, and no less. */
import { readFileSync } from "node:fs";
import { database, type TestDatabase } from "../support/database/database";
import { TABLES, VIEWS } from "../support/database/objects";

const [, SECTION = ""] =
  /\n## What the application may no longer do meanwhile\n([^]*?)\n## /.exec(readFileSync("docs/runbook.md", "utf8")) ??
  [];

/** The list of relations with their columns, as people read it. */
const LISTED = Object.fromEntries(
  [...SECTION.matchAll(/^\| `(\w+)` +\| ([^|]+) \|/gm)].map(([, relation, columns]) => [
    relation,
    [...columns.matchAll(/`(\w+)`/g)].map(([, column]) => column),
  ]),
);

/** The statements with what the server answers. */
const STATEMENTS = [...SECTION.matchAll(/^ *([A-Z][^;`]+); -- (\w{5})$/gm)].map(([, sql, code]) => [
  sql.replace(/\s+/g, " "),
  code,
]);

/** What the application itself holds of the agency, so that it is only the rollout that does. */
const FREED = `UPDATE governance_relations SET source_code = 'GOV-MOT' WHERE source_code = 'GOV-KG-SYS';
  UPDATE dot_tools SET owner_gov_code = 'GOV-MOT' WHERE owner_gov_code = 'GOV-KG-SYS';
  UPDATE governance_responsibility_scope SET default_owner_hint = 'GOV-MOT' WHERE default_owner_hint = 'GOV-KG-SYS'`;

let without: TestDatabase;
let rolledOut: TestDatabase;

beforeAll(async () => {
  without = await database("signed");
  rolledOut = await database("tier-6");
  for (const db of [without, rolledOut]) await db.query(FREED);
});

/** What the server says of a statement that is not to stay: its SQLSTATE and what it names, or nothing. */
async function refusal(db: TestDatabase, sql: string): Promise<{ code?: string; detail?: string }> {
  await db.query("BEGIN");
  try {
    await db.query(sql);
    return {};
  } catch (error) {
    const { code, detail } = error as { code: string; detail?: string };
    return { code, detail };
  } finally {
    await db.query("ROLLBACK");
  }
}

test("the list is what the catalog has of our objects' hold on the application's", async () => {
  const rows = await rolledOut.query<{ relation: string; columns: string[] }>(
    `WITH hold AS (
       SELECT refobjid AS relation, refobjsubid AS attnum
       FROM pg_depend JOIN pg_rewrite ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid AND refclassid = 'pg_class'::regclass
       WHERE ev_class::regclass::text = ANY ($1)
       UNION
       SELECT confrelid, unnest(confkey) FROM pg_constraint WHERE conrelid::regclass::text = ANY ($1) AND contype = 'f'
     )
     SELECT relation::regclass::text AS relation, coalesce(array_agg(attname::text ORDER BY attname) FILTER (WHERE attname IS NOT NULL), '{}') AS columns
     FROM hold LEFT JOIN pg_attribute ON attrelid = relation AND pg_attribute.attnum = hold.attnum AND hold.attnum > 0
     WHERE NOT relation::regclass::text = ANY ($1) GROUP BY relation`,
    [[...TABLES, ...VIEWS]],
  );
  expect(LISTED).toEqual(Object.fromEntries(rows.map(({ relation, columns }) => [relation, columns])));
  expect(Object.keys(LISTED)).toHaveLength(8);
});

test("every column of the listed tables, whatever is tried with it, is refused exactly if it is listed", async () => {
  const tables = Object.keys(LISTED).filter(
    (relation) => !relation.startsWith("v_") && relation !== "governance_registry",
  );
  const columns = await rolledOut.query<{ table: string; name: string; type: string }>(
    `SELECT attrelid::regclass::text AS table, attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid::regclass::text = ANY ($1) AND attnum > 0 AND NOT attisdropped`,
    [tables],
  );
  const held: Record<string, string[]> = {};
  for (const { table, name, type } of columns) {
    const retyped = await refusal(rolledOut, `ALTER TABLE ${table} ALTER COLUMN ${name} TYPE ${type}`);
    const dropped = await refusal(rolledOut, `ALTER TABLE ${table} DROP COLUMN ${name}`);
    expect([table, name, dropped.code]).toEqual([table, name, retyped.code && "2BP01"]);
    if (!retyped.code) continue;
    expect([retyped.code, VIEWS.some((view) => retyped.detail?.includes(`view ${view} `))]).toEqual(["0A000", true]);
    (held[table] ??= []).push(name);
    expect(await refusal(without, `ALTER TABLE ${table} ALTER COLUMN ${name} TYPE ${type}`)).toEqual({});
  }
  const sorted = Object.fromEntries(Object.entries(held).map(([table, names]) => [table, names.sort()]));
  expect(sorted).toEqual(Object.fromEntries(tables.map((table) => [table, LISTED[table]])));
});

test.each(STATEMENTS)("%s is refused with %s, and only while the rollout is there", async (sql, code) => {
  expect(await refusal(rolledOut, sql)).toMatchObject({ code });
  expect(await refusal(without, sql)).toEqual({});
});

test("the runbook has statements of every kind", () => {
  expect([...new Set(STATEMENTS.map(([, code]) => code))].sort()).toEqual(["0A000", "23503", "23505", "2BP01"]);
  expect(STATEMENTS.length).toBe(SECTION.match(/-- \w{5}$/gm)?.length);
});

test.each([
  "ALTER TABLE label_rules ADD COLUMN kind varchar(255)",
  "ALTER TABLE label_rules ALTER COLUMN rule_type DROP NOT NULL",
  "CREATE INDEX ON entity_labels (rule_id)",
  "CREATE OR REPLACE VIEW v_object_owner_gap AS SELECT * FROM v_object_owner_gap",
  "UPDATE governance_registry SET status = 'retired', name = 'x' WHERE code = 'GOV-KG-SYS'",
  "UPDATE governance_responsibility_scope SET status = 'retired' WHERE scope_code = 'audit'",
  `UPDATE governance_object_ownership SET lifecycle_status = 'superseded' WHERE object_ref = 'GRP-AI' AND scope = 'audit';
   INSERT INTO governance_object_ownership (object_type, object_ref, scope, owner_kind, owner_gov_code)
   VALUES ('group', 'GRP-AI', 'audit', 'accountable', 'GOV-MOT')`,
  "ALTER TABLE label_rules RENAME COLUMN rule_type TO kind; SELECT * FROM v_ui_coverage_dashboard; SELECT fn_governance_scan('x', 'y')",
])("the way out is open: %s", async (sql) => {
  expect(await refusal(rolledOut, sql)).toEqual({});
});
