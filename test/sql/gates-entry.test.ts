import { NO_APPROVAL, ONE_MORE, owner, TWO_OWNERS } from "../support/faults/faults";
import { database, withDatabase, type State, type TestDatabase } from "../support/database/database";
import { tierFile, TIERS } from "../support/database/files";
import { refusal, refusedAt } from "../support/database/refusal";

/** Tier, what is wrong, how it gets there, and the gates that must say so. */
const BROKEN: [tier: number, what: string, fault: string, gates: string[]][] = [
  [1, "a prerequisite view missing", "DROP VIEW v_object_owner_conflict", ["prerequisite_views"]],
  [1, "a table of another making", "CREATE TABLE axis_registry (axis_code text)", ["axis_objects"]],
  [2, "no structure", "DROP VIEW v_axis_issue_payload", ["axis_objects"]],
  [
    3,
    "a value of the axis retired",
    `UPDATE axis_value SET status = 'retired' WHERE axis_code = 'responsibility' AND value_code = 'audit'`,
    ["responsibility_required"],
  ],
  [3, "a governed collection more", ONE_MORE, ["responsibility_required", "ownership_gap"]],
  [
    3,
    "an accountable owner already there",
    owner(`'collection', 'agents', 'audit', 'accountable', 'GOV-DOT'`),
    ["ownership_gap", "ownership_rows"],
  ],
  [
    3,
    "a supporting owner already there",
    owner(`'collection', 'agents', 'audit', 'supporting', 'GOV-DOT'`),
    ["ownership_rows"],
  ],
  [3, "two accountable owners", TWO_OWNERS, ["ownership_rows", "ownership_conflict"]],
  [
    4,
    "an ownership row missing",
    `DELETE FROM governance_object_ownership WHERE object_ref = 'GRP-AI' AND scope = 'audit'`,
    ["ownership_seeded"],
  ],
  [
    5,
    "a containment assignment missing",
    `DELETE FROM axis_assignment WHERE axis_code = 'containment' AND object_ref = 'agents'`,
    ["containment_required"],
  ],
  [
    5,
    "a mapped label retired",
    `UPDATE taxonomy SET status = 'deprecated' WHERE code = 'LBL-014'`,
    ["mapped_labels_inactive"],
  ],
  [
    6,
    "an axis deprecated",
    `UPDATE axis_registry SET status = 'deprecated' WHERE axis_code = 'topic'`,
    ["active_axes"],
  ],
];

/** What a tier starts from. */
function before(tier: number): State {
  return tier === 1 ? "signed" : `tier-${(tier - 1) as (typeof TIERS)[number]}`;
}

describe.each([...TIERS])("Tier %i refuses at entry", (tier) => {
  let db: TestDatabase;
  const file = tierFile(tier);

  beforeEach(async () => {
    db = await database(before(tier));
  });

  afterEach(() => db.drop());

  test("another database than the one named", async () => {
    expect(await refusal(db, file, { "one_roof.database": "directus" })).toEqual(refusedAt("database"));
  });

  test("any database but directus when none is named", async () => {
    await db.query(`ALTER DATABASE ${db.name} RESET one_roof.database`);
    expect(await refusal(db, file)).toEqual(refusedAt("database"));
  });

  test("a missing approval", async () => {
    await db.query(NO_APPROVAL);
    expect(await refusal(db, file)).toEqual(refusedAt("ospa", "ospa_valid"));
  });

  test("an approval that cannot be read", async () => {
    await db.query("ALTER TABLE os_proposal_approvals RENAME TO approvals_elsewhere");
    expect(await refusal(db, file)).toEqual(refusedAt("ospa", "ospa_valid"));
  });

  test.each(BROKEN.filter(([broken]) => broken === tier))("%s: %s", async (_tier, _what, fault, gates) => {
    await db.query(fault);
    expect(await refusal(db, file)).toEqual(refusedAt(...gates));
  });
});

describe("Tier 3 refuses a ratified request that is", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("tier-2");
  });

  afterAll(() => db.drop());

  test.each([
    ["not given", ""],
    ["unknown", "APR-9999"],
    ["pending", "APR-0210"],
    ["rejected", "APR-0209"],
    ["no code but SQL", `x' OR 'a'='a`],
  ])("%s", async (_, code) => {
    expect(await refusal(db, tierFile(3), { "one_roof.ratified_apr": code })).toEqual(refusedAt("ratified_request"));
  });

  test("never set at all", async () => {
    const { code, stderr } = await db.psql(["-f", tierFile(3)]);
    expect(code).toBe(3);
    expect(stderr).toContain("ratified_request expected = approved, measured NULL");
  });
});

describe("Tier 1 refuses a part of the 43", () => {
  test.each([
    ["a view less", "DROP VIEW v_axis_issue_payload"],
    ["the function less", "DROP FUNCTION fn_governance_scan(text, text)"],
    ["a table less", "DROP TABLE governance_event_log CASCADE"],
  ])("%s", async (_, fault) => {
    await withDatabase("tier-1", async (db) => {
      await db.query(fault);
      expect(await refusal(db, tierFile(1))).toEqual(refusedAt("axis_objects"));
    });
  });
});
