import { database, lastOf, withDatabase, type State, type TestDatabase } from "../support/database/database";
import { text, tierFile, withSabotage } from "../support/database/files";
import { failedGates, refusal } from "../support/database/refusal";

/** What the gate `structure` names when a tier is refused for it. */
async function named(db: TestDatabase, tier: number): Promise<string | undefined> {
  const { code, stderr } = await db.file(tierFile(tier));
  expect(code).toBe(3);
  return /structure expected (?:= |in not there,)as defined, measured (.*?)(;|$)/m.exec(stderr)?.[1];
}

test("an index of another table under one of our names is no substitute for ours", async () => {
  await withDatabase("signed", async (db) => {
    await db.query("CREATE INDEX uq_axis_object_ownership_accountable ON taxonomy (code)");
    expect(await named(db, 1)).toBe("axis_object_ownership");
    expect(await db.value("SELECT to_regclass('axis_registry')::text")).toBeNull();
  });
});

describe.each<[what: string, fault: string, object: string]>([
  ["a CHECK dropped", "ALTER TABLE axis_value DROP CONSTRAINT chk_axis_value_status", "axis_value"],
  ["a unique index dropped", "DROP INDEX uq_axis_assignment_active", "axis_assignment"],
  ["a column added", "ALTER TABLE coverage_rule ADD COLUMN remark text", "coverage_rule"],
  ["a default changed", "ALTER TABLE axis_registry ALTER COLUMN status SET DEFAULT 'active'", "axis_registry"],
  [
    "a key not validated",
    "ALTER TABLE axis_object_ownership DROP CONSTRAINT axis_object_ownership_owner_fkey",
    "axis_object_ownership",
  ],
  [
    "a trigger",
    `CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
     CREATE TRIGGER t BEFORE INSERT ON governance_scan_run FOR EACH ROW EXECUTE FUNCTION t()`,
    "governance_scan_run",
  ],
  ["row security", "ALTER TABLE governance_event_log ENABLE ROW LEVEL SECURITY", "governance_event_log"],
  ["another query", "CREATE OR REPLACE VIEW v_ui_lane AS SELECT 'official' AS lane, 1 AS assignments", "v_ui_lane"],
  [
    "another body",
    "CREATE OR REPLACE FUNCTION fn_governance_scan(actor text, mode text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    "fn_governance_scan",
  ],
])("%s", (_, fault, object) => {
  test.each([1, 2, 8])("is refused by Tier %i, which names it", async (tier) => {
    await withDatabase(tier === 8 ? "tier-6" : "tier-1", async (db) => {
      await db.query(fault);
      expect(await named(db, tier)).toBe(object);
    });
  });
});

test("that a foreign key is only kept back is believed of the session's own rehearsal alone", async () => {
  await withDatabase("tier-1", async (db) => {
    const key = `SELECT json_agg(json_build_object('table', 'public.axis_object_ownership', 'name', conname,
      'definition', pg_get_constraintdef(oid), 'validated', true)) FROM pg_constraint WHERE conname = 'axis_object_ownership_owner_fkey'`;
    const told = JSON.stringify(await db.value(key));
    await db.query("ALTER TABLE axis_object_ownership DROP CONSTRAINT axis_object_ownership_owner_fkey");
    await db.query(`ALTER DATABASE ${db.name} SET one_roof.deferred = '${told} 1'`);
    expect(await named(db, 2)).toBe("axis_object_ownership");
  });
});

describe("privileges that nobody declared", () => {
  test.each([
    ["on a table", "GRANT ALL ON axis_registry TO PUBLIC", /axis_registry INSERT to PUBLIC/],
    [
      "on a column",
      "GRANT UPDATE (status) ON axis_value TO one_roof_reader",
      /axis_value\.status UPDATE to one_roof_reader/,
    ],
    [
      "on a sequence",
      "GRANT USAGE ON SEQUENCE axis_assignment_id_seq TO PUBLIC",
      /axis_assignment_id_seq USAGE to PUBLIC/,
    ],
    [
      "to write through a dashboard",
      "GRANT DELETE ON v_ui_lane TO one_roof_reader",
      /v_ui_lane DELETE to one_roof_reader/,
    ],
    [
      "of another owner",
      "CREATE ROLE other_owner_of_lane; ALTER VIEW v_ui_lane OWNER TO other_owner_of_lane",
      /owned by /,
    ],
  ])("%s are refused by Tiers 2 and 8, and named", async (_, grant, said) => {
    for (const [state, tier] of [
      ["tier-1", 2],
      ["tier-6", 8],
    ] as const) {
      await withDatabase(state as State, async (db) => {
        await db.query(grant);
        const { code, stderr } = await db.file(tierFile(tier));
        expect([code, failedGates(stderr)]).toEqual([3, ["foreign_privileges"]]);
        expect(stderr).toMatch(said);
        await db.query("DROP OWNED BY other_owner_of_lane; DROP ROLE other_owner_of_lane").catch(() => undefined);
      });
    }
  });

  test("by default are refused by Tier 1, before anything stays", async () => {
    await withDatabase("signed", async (db) => {
      await db.query("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO one_roof_reader");
      expect((await refusal(db, tierFile(1))).gates).toEqual(["foreign_privileges"]);
    });
  });

  test("right before the exit gates are refused by Tier 1", async () => {
    await withDatabase("signed", async (db) => {
      const result = await withSabotage(tierFile(1), "GRANT ALL ON axis_registry TO PUBLIC", (file) =>
        refusal(db, file),
      );
      expect(result).toEqual({ code: 3, gates: ["foreign_privileges"], changes: [] });
    });
  });
});

describe("the digests of the 43", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("tier-1");
  });

  afterAll(() => db.drop());

  test("in sql/common/objects.sql are those of what Tier 1 makes; this prints them after a change", async () => {
    const query = /^structure:\n([^]*?)\n {2}SELECT CASE WHEN count\(live/m.exec(text("sql/common/readings.sql"))![1];
    const objects = text("sql/common/objects.sql");
    const client = await db.connect();
    const result = await client.query<{ line: string }>(`${objects}; SET search_path = public, pg_temp; ${query}
      SELECT format('  %s %s %s', rpad(kind, 8), rpad(name, 37), live.digest) AS line FROM listed LEFT JOIN live USING (name)`);
    const lines = lastOf(result as unknown as (typeof result)[]).rows.map(({ line }) => line);
    expect(
      objects
        .split("\n")
        .filter((line) => /^ {2}(table|view|function) /.test(line))
        .sort(),
    ).toEqual(lines.sort());
  });
});
