import { database, type TestDatabase } from "../support/database/database";
import { tierFile } from "../support/database/files";
import { FUNCTION, TABLES, VIEWS } from "../support/database/objects";
import { failedGates, refusal, refusedAt } from "../support/database/refusal";

describe("an object of the 43 already there", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("signed");
  });

  afterAll(() => db.drop());

  const create = (name: string) =>
    name === FUNCTION
      ? `CREATE FUNCTION public.${name}() RETURNS int LANGUAGE sql AS 'SELECT 1'`
      : `CREATE ${TABLES.includes(name) ? "TABLE" : "VIEW"} public.${name} ${TABLES.includes(name) ? "()" : "AS SELECT 1"}`;

  test.each([...TABLES, ...VIEWS, FUNCTION])("%s is refused by preflight and by Tier 1", async (name) => {
    await db.query(create(name));
    const preflight = await db.file(tierFile(0));
    const structure = await db.file(tierFile(1));
    await db.query(`DROP ${name === FUNCTION ? "FUNCTION" : TABLES.includes(name) ? "TABLE" : "VIEW"} public.${name}`);
    expect([preflight.code, failedGates(preflight.stderr)]).toEqual([3, ["axis_objects"]]);
    expect([structure.code, failedGates(structure.stderr)]).toEqual([3, ["axis_objects"]]);
  });

  test("a view is refused under a table’s name too, and a function with other arguments", async () => {
    await db.query("CREATE VIEW axis_value AS SELECT 1 AS a");
    expect(await refusal(db, tierFile(1))).toEqual(refusedAt("axis_objects"));
    await db.query("DROP VIEW axis_value");
  });

  test("a namesake in another schema counts nowhere", async () => {
    await db.query("CREATE SCHEMA other; CREATE TABLE other.axis_registry (); CREATE TABLE other.v_ui_lane ()");
    expect((await db.file(tierFile(0))).code).toBe(0);
    expect((await db.file(tierFile(1))).code).toBe(0);
  });
});
