import { catalogAndRows, differences } from "../support/database/compare";
import { database, withDatabase, type State, type TestDatabase } from "../support/database/database";
import { psql } from "../support/database/psql";
import { databaseWithRoles } from "../support/database/roles";
import { FULL_ROLLBACK, rollbackFile, RUN_ALL, tierFile } from "../support/database/files";

/*
 * PostgreSQL says that a lock time-out has passed, and not because of whom. A file that psql runs says it: who is in the way,
 * with what, and who ends that how.
 */

/** A database, what the application has open in it, and the file that it stops. */
type Held = readonly [state: State, holds: string, file: string];

const shared = new Map<State, Promise<TestDatabase>>();

/** One database for all who leave it as it was. */
function sharedDatabase(state: State): Promise<TestDatabase> {
  const known = shared.get(state) ?? database(state);
  shared.set(state, known);
  return known;
}

/** Runs the file; hands over how it was refused, and the pid in its way. */
async function refused(
  [state, holds, file]: Held,
  judge: (stderr: string, pid: number, db: TestDatabase) => Promise<void> | void,
): Promise<void> {
  const db = await sharedDatabase(state);
  const before = await catalogAndRows(db.url);
  const application = await db.connect();
  await application.query("SET application_name = 'the application'; SET search_path = public");
  const { rows } = await application.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  await application.query(`BEGIN; ${holds}`);
  const { code, stderr } = await db.file(file, { "one_roof.lock_timeout": "50ms" });
  await judge(stderr, rows[0].pid, db);
  await application.query("ROLLBACK").catch(() => undefined);
  await application.end();
  expect([code, differences(before, await catalogAndRows(db.url))]).toEqual([3, []]);
}

const locked = (table: string, mode = "ACCESS EXCLUSIVE") => `LOCK TABLE ${table} IN ${mode} MODE`;
const OWNERS = "governance_object_ownership";
const REGISTERED = "UPDATE governance_registry SET code = code WHERE code = 'GOV-MOT'";
const OWNED = `UPDATE ${OWNERS} SET lifecycle_status = lifecycle_status WHERE scope = 'audit'`;
/** Rows that others are about to commit, of the keys that a tier seeds. */
const AXIS = (code: string) =>
  `INSERT INTO axis_registry (axis_code, axis_name, axis_family, axis_kind) VALUES ('${code}', 'Theirs', 'label', 'system')`;
const OWNER = `INSERT INTO ${OWNERS} (object_type, object_ref, scope, owner_kind, owner_gov_code)
  VALUES ('group', 'GRP-AI', 'audit', 'accountable', 'GOV-MOT')`;

test.each<[what: string, held: Held, named: string]>([
  [
    "Tier 1: rows written where its key refers to",
    ["signed", REGISTERED, tierFile(1)],
    "governance_registry is … ROW EXCLUSIVE",
  ],
  [
    "Tier 1: a table locked there",
    ["signed", locked("governance_registry"), tierFile(1)],
    "governance_registry is … ACCESS EXCLUSIVE",
  ],
  [
    "Tier 1: a table locked that only its views read",
    ["signed", locked("taxonomy"), tierFile(1)],
    "public.taxonomy is … ACCESS EXCLUSIVE",
  ],
  [
    "Tier 1 once more: a report that reads what it made",
    ["tier-1", "SELECT FROM v_ui_lane", tierFile(1)],
    "public.axis_assignment, public.axis_object_ownership, public.axis_registry and 3 more are … ACCESS SHARE",
  ],
  [
    "Tier 2: a table of its own",
    ["tier-1", locked("axis_registry"), tierFile(2)],
    "axis_registry is … ACCESS EXCLUSIVE",
  ],
  [
    "Tier 2: a row of others that has its key",
    ["tier-1", AXIS("responsibility"), tierFile(2)],
    "rows of public.axis_registry are … ROW EXCLUSIVE",
  ],
  [
    "Tier 3: a row of others that has its key",
    ["tier-2", OWNER, tierFile(3)],
    `rows of public.${OWNERS}, public.governance_registry, public.governance_responsibility_scope are … ROW EXCLUSIVE`,
  ],
  ["Tier 3: the owners", ["tier-2", locked(OWNERS), tierFile(3)], `${OWNERS} is … ACCESS EXCLUSIVE`],
  ["Tier 3: an index that grows", ["tier-2", locked(OWNERS, "SHARE"), tierFile(3)], `${OWNERS} is … SHARE`],
  [
    "Tier 3: a vacuum",
    ["tier-2", locked(OWNERS, "SHARE UPDATE EXCLUSIVE"), tierFile(3)],
    `${OWNERS} is … SHARE UPDATE EXCLUSIVE`,
  ],
  [
    "Tier 4: a row that its rows refer to",
    ["tier-3", "SELECT FROM governance_registry FOR UPDATE", tierFile(4)],
    "rows of public.governance_registry are … ROW SHARE",
  ],
  [
    "Tier 5: a row of others that has its key",
    ["tier-4", AXIS("topic"), tierFile(5)],
    "rows of public.axis_registry are … ROW EXCLUSIVE",
  ],
  [
    "Tier 6: another scan",
    ["tier-5", "SELECT fn_governance_scan('them', 'delta')", tierFile(6)],
    "rows of public.axis_candidate_finding, public.governance_drift_state, public.governance_scan_run are … ROW EXCLUSIVE",
  ],
  [
    "the rollback of Tier 6: a report that reads",
    ["tier-6", "SELECT FROM governance_scan_run", rollbackFile(6)],
    "governance_scan_run is … ACCESS SHARE",
  ],
  [
    "the rollback of Tier 4: rows of the axis",
    ["tier-4", "SELECT FROM axis_assignment FOR UPDATE", rollbackFile(4)],
    "rows of public.axis_assignment are … ROW SHARE",
  ],
  [
    "the rollback of Tier 3: rows of the seed",
    ["tier-3", OWNED, rollbackFile(3)],
    `rows of public.${OWNERS} are … ROW EXCLUSIVE`,
  ],
  [
    "the full rollback: rows of the seed",
    ["tier-3", OWNED, FULL_ROLLBACK],
    `rows of public.${OWNERS} are … ROW EXCLUSIVE`,
  ],
  [
    "the full rollback: a report that reads what goes",
    ["tier-2", "SELECT FROM v_ui_lane", FULL_ROLLBACK],
    "public.axis_assignment, public.axis_object_ownership, public.axis_registry and 3 more are … ACCESS SHARE",
  ],
  [
    "the full rollback: a report that reads what a key refers to",
    ["tier-2", "SELECT FROM governance_registry", FULL_ROLLBACK],
    "governance_registry is … ACCESS SHARE",
  ],
])("%s", async (_, held, named) => {
  await refused(held, (stderr, pid) => {
    const [object, mode] = named.split(" … ");
    const who = `${object}.* locked by pid ${pid}, user postgres, application "the application", idle in transaction for \\d+ s, `;
    expect(stderr).toMatch(new RegExp(`ERROR: .* lock timeout after 50ms: .*${who}which holds ${mode}$`, "m"));
    expect(stderr).toMatch(
      /HINT: +Nothing was changed: .*run this file again\. Should it hang, it is ended by a superuser: SELECT/,
    );
    // Who has run the file alone is shown where it stopped, and not the text by which it found out.
    expect(stderr).not.toContain("pg_locks");
  });
});

test("the command that is named ends it, and the file passes then", async () => {
  await refused(["signed", REGISTERED, RUN_ALL], async (stderr, pid, db) => {
    const [, command, ended] = /ended by a superuser: (SELECT pg_catalog\.pg_terminate_backend\((\d+)\);)/.exec(
      stderr,
    )!;
    expect(Number(ended)).toBe(pid);
    await db.query(command);
    expect((await db.file(RUN_ALL)).code).toBe(0);
    expect((await db.file(FULL_ROLLBACK)).code).toBe(0);
  });
});

test("who waits for such a lock is in the way too, and is told as what it is", async () => {
  await withDatabase("tier-2", async (db) => {
    const [report, migration] = [await db.connect(), await db.connect()];
    await report.query("BEGIN; SELECT FROM axis_registry");
    const waiting = migration.query(`BEGIN; ${locked("axis_registry")}; ROLLBACK`);
    const { stderr } = await db.file(rollbackFile(2), { "one_roof.lock_timeout": "50ms" });
    expect(stderr).toMatch(
      /: public\.axis_registry is locked by pid .*, active for \d+ s, which waits for ACCESS EXCLUSIVE$/m,
    );
    await report.query("ROLLBACK");
    await waiting;
  });
});

test("a prepared transaction, which is nobody's session, is named with what ends it", async () => {
  await withDatabase("signed", async (db) => {
    await db.query(`BEGIN; ${REGISTERED}; PREPARE TRANSACTION 'left behind'`);
    const { stderr } = await db.file(tierFile(1), { "one_roof.lock_timeout": "50ms" });
    const [, command] = /ended by postgres or a superuser: (ROLLBACK PREPARED '[^']+') \(/.exec(stderr) ?? [];
    await db.query(command ?? "ROLLBACK PREPARED 'left behind'");
    expect(stderr).toMatch(
      / is locked by prepared transaction 'left behind', user postgres, which holds ROW EXCLUSIVE$/m,
    );
    expect((await db.file(tierFile(1))).code).toBe(0);
  });
});

test("where nobody is found, what was said stays", async () => {
  await withDatabase("tier-3", async (db) => {
    await db.query(`CREATE FUNCTION impatient() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE lock_not_available USING MESSAGE = 'no patience'; END $$;
      CREATE TRIGGER impatient BEFORE DELETE ON ${OWNERS} FOR EACH ROW EXECUTE FUNCTION impatient()`);
    const { stderr } = await db.file(rollbackFile(3));
    expect(stderr).toMatch(
      /ERROR: +no patience\nHINT: +Nothing was changed: .*has just ended: run this file again\.$/m,
    );
  });
});

test("a client that measures the transaction itself gets PostgreSQL's own message, and names them from elsewhere", async () => {
  await withDatabase("signed", async (db) => {
    await (await db.connect()).query(`BEGIN; ${REGISTERED}`);
    const measured = "SELECT set_config('one_roof.deltas', 'measured ' || pg_backend_pid(), false)";
    const { code, stderr } = await db.psql(["-c", measured, "-f", tierFile(1)], { "one_roof.lock_timeout": "50ms" });
    expect([code, stderr]).toEqual([3, expect.stringMatching(/ERROR: +canceling statement due to lock timeout$/m)]);
    expect(stderr).not.toContain("locked by");
  });
});

test("as the owner of what goes, too, with who may end it", async () => {
  const db = await databaseWithRoles();
  await db.query("GRANT one_roof_owner, one_roof_executor TO one_roof_login");
  const asLogin = (file: string) =>
    psql(db.url.replace("//postgres@", "//one_roof_login@"), ["-f", file], { "one_roof.lock_timeout": "50ms" });
  expect((await asLogin(tierFile(1))).code).toBe(0);
  const reader = await db.connect("one_roof_reader");
  await reader.query("BEGIN; SELECT FROM public.v_ui_lane");
  const { stderr } = await asLogin(FULL_ROLLBACK);
  expect(stderr).toMatch(/ locked by pid \d+, user one_roof_reader, application "", idle in transaction for \d+ s, /);
  expect(stderr).toMatch(/ended by one_roof_reader, a superuser or a member of pg_signal_backend: SELECT pg_catalog/);
});
