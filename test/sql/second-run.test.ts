import { catalogAndRows, differences } from "../support/database/compare";
import { database, withDatabase, type TestDatabase } from "../support/database/database";
import { tierFile } from "../support/database/files";
import { refusal, refusedAt } from "../support/database/refusal";

describe("a second run", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("tier-6");
  });

  afterAll(() => db.drop());

  test.each([1, 2, 4, 5, 6, 8])("of Tier %i passes and changes nothing", async (tier) => {
    const before = await catalogAndRows(db.url);
    const { code, stderr } = await db.file(tierFile(tier));
    expect([code, /ERROR.*/.exec(stderr)?.[0]]).toEqual([0, undefined]);
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  });

  test("of Tier 0 is refused", async () => {
    expect(await refusal(db, tierFile(0))).toEqual(refusedAt("axis_objects", "ownership_gap", "ownership_rows"));
  });

  test("of Tier 3 is refused", async () => {
    expect(await refusal(db, tierFile(3))).toEqual(refusedAt("ownership_gap", "ownership_rows"));
  });
});

describe("a second run right after the first", () => {
  test.each([1, 2, 4, 5, 6] as const)("of Tier %i passes and changes nothing", async (tier) => {
    await withDatabase(`tier-${tier}`, async (db) => {
      const before = await catalogAndRows(db.url);
      expect((await db.file(tierFile(tier))).code).toBe(0);
      expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
    });
  });

  test("of Tier 3 is refused", async () => {
    await withDatabase("tier-3", async (db) => {
      expect(await refusal(db, tierFile(3))).toEqual(refusedAt("ownership_gap", "ownership_rows"));
    });
  });
});

test("Tier 2 run again after the ownership seed still finds the same cells", async () => {
  await withDatabase("tier-3", async (db) => {
    const { code } = await db.file(tierFile(2));
    expect(code).toBe(0);
    expect(await db.value(`SELECT count(*)::int FROM v_axis_coverage_gap WHERE axis_code = 'responsibility'`)).toBe(0);
  });
});

test("Tier 5 run again leaves a decision that people took meanwhile", async () => {
  await withDatabase("tier-5", async (db) => {
    await db.query(`UPDATE topic_label_reconcile_decision SET rationale = 'By hand' WHERE coll = 'agents'`);
    expect((await db.file(tierFile(5))).code).toBe(0);
    expect(await db.value(`SELECT rationale FROM topic_label_reconcile_decision WHERE coll = 'agents'`)).toBe(
      "By hand",
    );
  });
});
