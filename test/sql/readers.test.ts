import { atEnd } from "../support/clean-up";
import { database, withDatabase, type TestDatabase } from "../support/database/database";
import { rollbackFile, tierFile } from "../support/database/files";
import { TABLES, UI_VIEWS, VIEWS } from "../support/database/objects";

const readable = (db: TestDatabase, role: string) =>
  db.rows(`SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
    AND relname = ANY (ARRAY['${[...TABLES, ...VIEWS].join("','")}']) AND has_table_privilege('${role}', oid, 'SELECT') ORDER BY 1`);

const ALL_UI = [...UI_VIEWS].sort().map((view) => [view]);

let db: TestDatabase;

beforeAll(async () => {
  db = await database("signed");
  const roles = `"Reader of ${db.name}", second_${db.name}`;
  await db.query(`CREATE ROLE "Reader of ${db.name}"; CREATE ROLE second_${db.name}`);
  atEnd(() => db.query(`DROP OWNED BY ${roles}; DROP ROLE ${roles}`));
});

test("by default one_roof_reader may read the seven UI views, and nothing else of the 43", async () => {
  await withDatabase("tier-6", async (rolledOut) => {
    expect(await readable(rolledOut, "one_roof_reader")).toEqual(ALL_UI);
    const client = await rolledOut.connect();
    await client.query("SET ROLE one_roof_reader");
    for (const view of UI_VIEWS) expect((await client.query(`SELECT * FROM ${view}`)).rowCount).toBeGreaterThan(0);
    await expect(client.query("SELECT * FROM axis_registry")).rejects.toMatchObject({ code: "42501" });
    await expect(client.query("DELETE FROM v_ui_lane")).rejects.toMatchObject({ code: expect.any(String) });
  });
});

test("others are named in a setting; those that do not exist are passed over", async () => {
  const roles = ` Reader of ${db.name} , nobody_of_this_name,second_${db.name}`;
  expect((await db.file(tierFile(1), { "one_roof.reader_roles": roles })).code).toBe(0);
  expect(await readable(db, `Reader of ${db.name}`)).toEqual(ALL_UI);
  expect(await readable(db, `second_${db.name}`)).toEqual(ALL_UI);
  expect(await readable(db, "one_roof_reader")).toEqual([]);
});

test("the grants go with the views", async () => {
  expect((await db.file(rollbackFile(1))).code).toBe(0);
  expect(await db.rows(`SELECT 1 FROM pg_shdepend WHERE refobjid = 'second_${db.name}'::regrole`)).toEqual([]);
});

test("without any reader role Tier 1 passes all the same", async () => {
  expect((await db.file(tierFile(1), { "one_roof.reader_roles": "nobody_of_this_name" })).code).toBe(0);
  expect(await db.value("SELECT count(*)::int FROM v_ui_topic_tree")).toBe(0);
});
