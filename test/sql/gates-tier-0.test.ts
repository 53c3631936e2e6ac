import { GOVERNANCE_EVENT, NO_APPROVAL, ONE_LESS, ONE_MORE, owner, TWO_OWNERS } from "../support/faults/faults";
import { database, type TestDatabase } from "../support/database/database";
import { tierFile } from "../support/database/files";
import { refusal, refusedAt } from "../support/database/refusal";

const PREFLIGHT = tierFile(0);

/** The server's version cannot be lowered, but what the gate asks can be made to lie. */
const OLD_SERVER = `
  SET allow_system_table_mods = on;
  ALTER FUNCTION pg_catalog.current_setting(text) RENAME TO current_setting_of_this_server;
  CREATE FUNCTION pg_catalog.current_setting(name text) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT CASE name WHEN 'server_version_num' THEN '140012' ELSE current_setting_of_this_server(name) END $$`;

describe("preflight", () => {
  let db: TestDatabase;

  beforeEach(async () => {
    db = await database("signed");
  });

  afterEach(() => db.drop());

  test("passes on the signed baseline and changes nothing", async () => {
    const { code, changes } = await refusal(db, PREFLIGHT);
    expect({ code, changes }).toEqual({ code: 0, changes: [] });
  });

  test.each([
    ["no human approval", NO_APPROVAL, ["ospa", "ospa_valid"]],
    ["the approval collection missing", "DROP TABLE os_proposal_approvals CASCADE", ["ospa", "ospa_valid"]],
    ["an older server", OLD_SERVER, ["server_version"]],
    ["a governed collection more", ONE_MORE, ["ownership_gap"]],
    ["a governed collection less", ONE_LESS, ["ownership_gap"]],
    [
      "a scope less",
      `UPDATE governance_responsibility_scope SET status = 'retired' WHERE scope_code = 'audit'`,
      ["ownership_gap"],
    ],
    [
      "a supporting owner already there",
      owner(`'collection', 'agents', 'audit', 'supporting', 'GOV-DOT'`),
      ["ownership_rows"],
    ],
    [
      "an accountable owner already there",
      owner(`'collection', 'agents', 'audit', 'accountable', 'GOV-DOT'`),
      ["ownership_gap", "ownership_rows"],
    ],
    ["two accountable owners", TWO_OWNERS, ["ownership_rows", "ownership_conflict"]],
    ["a governance event in the outbox", GOVERNANCE_EVENT, ["governance_outbox"]],
    [
      "an active governance event type",
      `UPDATE event_type_registry SET active = true WHERE event_type = 'handoff.object_born'`,
      ["active_event_types"],
    ],
  ])("refuses with %s", async (_, fault, gates) => {
    await db.query(fault);
    expect(await refusal(db, PREFLIGHT)).toEqual(refusedAt(...gates));
  });

  test.each([
    ["not given", ""],
    ["unknown", "APR-9999"],
    ["pending", "APR-0210"],
    ["rejected", "APR-0209"],
  ])("refuses a ratified request that is %s", async (_, code) => {
    expect(await refusal(db, PREFLIGHT, { "one_roof.ratified_apr": code })).toEqual(refusedAt("ratified_request"));
  });

  test("refuses a database that is not the one named", async () => {
    expect(await refusal(db, PREFLIGHT, { "one_roof.database": "directus" })).toEqual(refusedAt("database"));
  });

  test("refuses any database but directus when none is named", async () => {
    await db.query(`ALTER DATABASE ${db.name} RESET one_roof.database`);
    expect(await refusal(db, PREFLIGHT)).toEqual(refusedAt("database"));
  });

  test.each([
    ["v_governance_object_inventory", true],
    ["v_governance_object_containment", true],
    ["v_object_effective_owner", true],
    ["v_object_owner_gap", true],
    ["v_object_owner_conflict", false],
  ])("refuses without the prerequisite view %s", async (view, alsoGap) => {
    await db.query(`DROP VIEW ${view} CASCADE`);
    const { code, gates, changes } = await refusal(db, PREFLIGHT);
    expect({ code, changes }).toEqual({ code: 3, changes: [] });
    expect(gates).toContain("prerequisite_views");
    expect(gates).toContain(alsoGap ? "ownership_gap" : "ownership_conflict");
  });

  test("names every gate that fails at once", async () => {
    await db.query(NO_APPROVAL);
    await db.query(owner(`'law', 'x', 'audit', 'supporting', 'GOV-DOT'`));
    expect(await refusal(db, PREFLIGHT, { "one_roof.ratified_apr": "" })).toEqual(
      refusedAt("ospa", "ospa_valid", "ratified_request", "ownership_rows"),
    );
  });
});

test("rows that are hidden from the login by row security are not counted as none", async () => {
  const own = await database("signed");
  const login = `blind_in_${own.name}`;
  await own.query(`${owner(`'collection', 'agents', 'audit', 'accountable', 'GOV-MOT'`)};
    ALTER TABLE governance_object_ownership ENABLE ROW LEVEL SECURITY;
    CREATE ROLE ${login} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${login}`);
  try {
    const { stderr } = await own.psql(["-d", own.url.replace("//postgres@", `//${login}@`), "-f", PREFLIGHT]);
    expect(stderr).toContain("ownership_rows expected = 0, measured NULL");
  } finally {
    await own.query(`DROP OWNED BY ${login}; DROP ROLE ${login}`);
  }
});
