import { catalogAndRows, differences } from "../support/database/compare";
import { withDatabase, type State, type TestDatabase } from "../support/database/database";
import { tierFile } from "../support/database/files";

/** A trigger that does something else whenever a tier writes its table. */
const trigger = (table: string, when: string, body: string) => `
  CREATE FUNCTION besides() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN NEW; END $$;
  CREATE TRIGGER besides ${when} INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION besides()`;

const REQUEST = `INSERT INTO approval_requests (code, title, request_type, action_type, status, requested_by)
  SELECT 'APR-X' || count(*), 'x', 'rollout', 'create', 'pending', 'x' FROM approval_requests`;
const ISSUE = `INSERT INTO system_issues SELECT (jsonb_populate_record(i, jsonb_build_object('id', nextval('system_issues_id_seq'), 'code', 'X' || clock_timestamp()))).*
  FROM system_issues AS i LIMIT 1`;

/** Runs a file that must be refused, and gives what it said; nothing may have changed. */
async function refused(db: TestDatabase, file: string, settings = {}): Promise<string> {
  const before = await catalogAndRows(db.url);
  const { code, stderr } = await db.file(file, settings);
  expect([code, differences(before, await catalogAndRows(db.url))]).toEqual([3, []]);
  return stderr;
}

describe("what a tier writes besides its rows is refused by psql, by table and number", () => {
  test.each<[what: string, tier: number, fault: string, said: RegExp]>([
    ["requests", 3, trigger("governance_object_ownership", "AFTER", REQUEST), /approval_requests: 30 inserted/],
    ["issues", 3, trigger("governance_object_ownership", "AFTER", ISSUE), /system_issues: 30 inserted/],
    [
      "an update elsewhere",
      3,
      trigger(
        "governance_object_ownership",
        "AFTER",
        "UPDATE dot_tools SET id = id WHERE id = (SELECT min(id) FROM dot_tools)",
      ),
      /dot_tools: 0 inserted, 30 updated/,
    ],
    [
      "a table emptied",
      3,
      trigger("governance_object_ownership", "AFTER", "TRUNCATE event_outbox"),
      /event_outbox: .*truncated or rewritten, none declared/,
    ],
    [
      "a table dropped",
      3,
      `CREATE TABLE scratch (id integer); ${trigger("governance_object_ownership", "AFTER", "DROP TABLE IF EXISTS scratch")}`,
      /scratch: dropped/,
    ],
    [
      "rows more than declared",
      3,
      trigger(
        "governance_object_ownership",
        "AFTER",
        `IF NEW.scope = 'audit' AND NEW.object_type = 'group' THEN
           INSERT INTO governance_object_ownership (object_type, object_ref, scope, owner_kind, owner_gov_code)
           VALUES ('law', NEW.object_ref, 'audit', 'supporting', 'GOV-MOT'); END IF`,
      ),
      /governance_object_ownership: 35 inserted.*30 to be there, 0 were and 30 are/,
    ],
  ])("%s", async (_, tier, fault, said) => {
    await withDatabase(`tier-${tier - 1}` as State, async (db) => {
      await db.query(fault);
      const stderr = await refused(db, tierFile(tier));
      expect(stderr).toMatch(/exit: .*row_deltas expected = as declared/);
      expect(stderr).toMatch(said);
      expect(stderr).toMatch(/HINT: .*trigger/);
    });
  });

  test("where rows are not counted, nothing is known and the tier is refused", async () => {
    await withDatabase("tier-1", async (db) => {
      expect(await refused(db, tierFile(2), { track_counts: "off" })).toMatch(/row_deltas .*track_counts is off/);
    });
  });
});

test.each([
  ["the owner", "NEW.owner_gov_code := 'GOV-SIV'", "GRP-AI audit GOV-SIV"],
  ["the approval", "NEW.approval_ref := 'APR-0001'", "GRP-AI audit GOV-DOT"],
])("Tier 3 refuses a trigger that changes %s of a row, and says whose", async (_, body, said) => {
  await withDatabase("tier-2", async (db) => {
    await db.query(trigger("governance_object_ownership", "BEFORE", body));
    const stderr = await refused(db, tierFile(3));
    expect(stderr).toMatch(/owners expected = as ratified, measured GRP-AI approval/);
    expect(stderr).toContain(said);
  });
});
