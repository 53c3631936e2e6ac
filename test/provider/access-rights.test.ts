/** What the roles can do and cannot do, said by PostgreSQL itself. */
import type { Client } from "pg";
import type { TestDatabase } from "../support/database/database";
import { until } from "../support/until";
import { audit, databaseWithRoles, findings, RELEASE, ROLES } from "../support/database/roles";

const APPROVE = `SELECT one_roof_access.approve('${RELEASE}', 'APR-0211', interval '2 hours') AS until`;
const WITHDRAW = "SELECT one_roof_access.withdraw() AS ended";

const refused = { code: "42501" };

let db: TestDatabase;
let login: Client;

beforeAll(async () => {
  db = await databaseWithRoles("tier-6");
  await db.query(`CREATE TABLE one_roof_rollout.ledger (tier integer PRIMARY KEY, applied_by text);
    ALTER TABLE one_roof_rollout.ledger OWNER TO one_roof_owner;
    GRANT SELECT, INSERT ON one_roof_rollout.ledger TO one_roof_executor; GRANT SELECT ON one_roof_rollout.ledger TO one_roof_monitor`);
});

beforeEach(async () => {
  await as("one_roof_approver", WITHDRAW);
  login = await db.connect(ROLES.login);
});

/** Runs SQL as a person who is a member of one of the roles, and of nothing else. */
async function as(role: string, sql: string): Promise<unknown[]> {
  const client = await db.connect();
  await client.query(`DO $$ BEGIN IF to_regrole('a_person') IS NULL THEN CREATE ROLE a_person LOGIN; END IF; END $$;
    GRANT ${role} TO a_person; SET SESSION AUTHORIZATION a_person`);
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.query(`RESET SESSION AUTHORIZATION; REVOKE ${role} FROM a_person; DROP ROLE a_person`);
    await client.end();
  }
}

const isOut = async () =>
  (await db.value<number>(`SELECT count(*)::int FROM pg_stat_activity WHERE usename = '${ROLES.login}'`)) === 0;

test.each([
  "SET ROLE one_roof_owner",
  "SET ROLE one_roof_executor",
  "SET ROLE one_roof_access",
  "SET ROLE one_roof_approver",
  "SELECT FROM public.taxonomy",
  "SELECT FROM public.axis_registry",
  "INSERT INTO public.governance_object_ownership (object_type) VALUES ('x')",
  "UPDATE public.axis_registry SET status = 'retired'",
  "DELETE FROM public.governance_scan_run",
  "TRUNCATE public.governance_drift_state",
  "INSERT INTO public.os_proposal_approvals (status) VALUES ('approved')",
  "INSERT INTO one_roof_rollout.ledger VALUES (9)",
  "DELETE FROM one_roof_access.approval",
  "SELECT FROM one_roof_access.approval",
  APPROVE,
  "CREATE TABLE public.x ()",
  "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
  "CREATE SCHEMA x",
  "CREATE TABLE one_roof_rollout.x ()",
  "ALTER ROLE one_roof_login VALID UNTIL 'infinity'",
  "GRANT one_roof_executor TO one_roof_login",
  "SELECT public.fn_governance_scan('x', 'baseline')",
])("without an approval the login cannot: %s", async (sql) => {
  await expect(login.query(sql)).rejects.toMatchObject(refused);
});

test("while an approval is in force the login becomes owner or executor, and no longer than that", async () => {
  await as("one_roof_approver", APPROVE);
  expect(await findings(db)).toEqual([]);
  expect((await audit(db)).inForce).toMatchObject({ release: RELEASE, request: "APR-0211", approvedBy: "a_person" });
  // Nothing is inherited: a right is used on purpose, or not at all.
  await expect(login.query("SELECT FROM public.taxonomy")).rejects.toMatchObject(refused);
  await login.query("SET ROLE one_roof_owner; CREATE TABLE public.x (); DROP TABLE public.x; RESET ROLE");
  await login.query("SET ROLE one_roof_executor; SELECT FROM public.taxonomy");
  expect(await as("one_roof_approver", WITHDRAW)).toEqual([{ ended: true }]);
  await until(isOut, 10_000);
  const again = await db.connect(ROLES.login);
  await expect(again.query("SET ROLE one_roof_executor")).rejects.toMatchObject(refused);
  expect(await as("one_roof_approver", WITHDRAW)).toEqual([{ ended: false }]);
  expect(await findings(db)).toEqual([]);
});

test("the login itself gives its right back when it is done, and keeps its session", async () => {
  await as("one_roof_approver", APPROVE);
  await login.query("SET ROLE one_roof_executor");
  expect((await login.query(WITHDRAW)).rows).toEqual([{ ended: true }]);
  await login.query("RESET ROLE");
  await expect(login.query("SET ROLE one_roof_executor")).rejects.toMatchObject(refused);
});

test("the password is valid exactly as long as the approval", async () => {
  const [{ until: ends }] = (await as("one_roof_approver", APPROVE)) as [{ until: Date }];
  const valid = "SELECT rolvaliduntil FROM pg_roles WHERE rolname = 'one_roof_login'";
  expect(await db.value(valid)).toEqual(ends);
  expect(ends.getTime() - Date.now()).toBeGreaterThan(119 * 60_000);
  await as("one_roof_approver", WITHDRAW);
  expect((await db.value<Date>(valid)).getTime()).toBeLessThanOrEqual(Date.now());
});

test.each([
  ["no digest", `'abc', 'APR-0211', '2h'`, "22023"],
  ["no release", `NULL, 'APR-0211', '2h'`, "22023"],
  ["an empty request", `'${RELEASE}', ' ', '2h'`, "22023"],
  ["no request", `'${RELEASE}', NULL, '2h'`, "22023"],
  ["too short", `'${RELEASE}', 'APR-0211', '59s'`, "22023"],
  ["too long", `'${RELEASE}', 'APR-0211', '7 days 1s'`, "22023"],
  ["no time", `'${RELEASE}', 'APR-0211', NULL`, "22023"],
])("an approval is refused: %s", async (_, args, code) => {
  await expect(as("one_roof_approver", `SELECT one_roof_access.approve(${args})`)).rejects.toMatchObject({ code });
});

test("one approval at a time", async () => {
  await as("one_roof_approver", APPROVE);
  await expect(as("one_roof_approver", APPROVE)).rejects.toMatchObject({ code: "55000" });
});

test.each([
  APPROVE,
  "SET ROLE one_roof_approver",
  "SET ROLE one_roof_access",
  "INSERT INTO public.os_proposal_approvals (status) VALUES ('approved')",
  "UPDATE public.approval_requests SET status = 'approved'",
  "INSERT INTO public.apr_approvals (voter) VALUES ('me')",
  "INSERT INTO public.event_outbox (event_domain) VALUES ('governance')",
  "DELETE FROM public.system_issues",
  "UPDATE public.entity_labels SET label_code = 'x'",
  "UPDATE public.governance_object_ownership SET owner_gov_code = 'x'",
  "UPDATE one_roof_rollout.ledger SET applied_by = 'somebody else'",
  "DELETE FROM one_roof_rollout.ledger",
  "TRUNCATE one_roof_rollout.ledger",
  "ALTER TABLE one_roof_rollout.ledger ADD COLUMN x int",
  "UPDATE one_roof_access.approval SET valid_until = 'infinity'",
  "INSERT INTO one_roof_access.approval (release) VALUES ('x')",
  "CREATE TABLE public.x ()",
  "CREATE SCHEMA x",
  "CREATE TRIGGER t AFTER INSERT ON public.axis_registry EXECUTE FUNCTION public.nothing()",
  "DROP VIEW public.v_ui_lane",
])("the executor cannot: %s", async (sql) => {
  await as("one_roof_approver", APPROVE);
  await login.query("SET ROLE one_roof_executor");
  await expect(login.query(sql)).rejects.toMatchObject(refused);
});

test("the executor writes what tiers declare: seeds, a scan, its rollback, the ledger", async () => {
  await as("one_roof_approver", APPROVE);
  await login.query(`SET search_path = pg_catalog, pg_temp; SET ROLE one_roof_executor; BEGIN;
    INSERT INTO public.governance_object_ownership (object_type, object_ref, scope, owner_kind, owner_gov_code)
      VALUES ('law', 'x', 'audit', 'supporting', 'GOV-DOT');
    DELETE FROM public.governance_object_ownership WHERE object_ref = 'x';
    UPDATE public.axis_value SET tag = 'differs';
    SELECT public.fn_governance_scan('test', 'manual');
    TRUNCATE public.governance_drift_state, public.governance_scan_run, public.governance_event_log, public.axis_candidate_finding;
    INSERT INTO one_roof_rollout.ledger VALUES (9); SELECT FROM one_roof_rollout.ledger; SELECT FROM one_roof_access.approval;
    ROLLBACK`);
});

test.each([
  "SET ROLE one_roof_owner",
  "SET ROLE one_roof_executor",
  "SET ROLE one_roof_login",
  "DELETE FROM one_roof_access.approval",
  "INSERT INTO public.os_proposal_approvals (status) VALUES ('approved')",
])("the approver cannot: %s", async (sql) => {
  await expect(as("one_roof_approver", sql)).rejects.toMatchObject(refused);
});

test("the login cannot approve itself, whoever made it an approver", async () => {
  await db.query("GRANT one_roof_approver TO one_roof_login");
  try {
    await login.query("SET ROLE one_roof_approver");
    await expect(login.query(APPROVE)).rejects.toMatchObject(refused);
    expect(await findings(db)).toEqual(["one_roof_login: membership on role one_roof_approver is not declared"]);
  } finally {
    await db.query("REVOKE one_roof_approver FROM one_roof_login");
  }
});

test("reader and monitor read, and do not write even by mistake", async () => {
  const reader = await db.connect(ROLES.reader);
  expect((await reader.query("SELECT FROM public.v_ui_lane")).rowCount).toBeGreaterThan(0);
  await expect(reader.query("SELECT FROM public.axis_registry")).rejects.toMatchObject(refused);
  expect((await reader.query("SHOW statement_timeout")).rows).toEqual([{ statement_timeout: "5s" }]);
  const monitor = await db.connect(ROLES.monitor);
  await monitor.query(
    "SELECT FROM public.v_drift_finding; SELECT FROM one_roof_rollout.ledger; SELECT FROM one_roof_access.approval",
  );
  for (const client of [reader, monitor]) {
    await expect(client.query("CREATE TEMPORARY TABLE x ()")).rejects.toMatchObject({ code: "25006" });
    await expect(client.query("SET ROLE one_roof_executor")).rejects.toMatchObject(refused);
  }
  expect((await audit(db, ROLES.monitor)).findings).toEqual([]);
});

test("a password that is valid for longer than the approval is named", async () => {
  await as("one_roof_approver", APPROVE);
  await db.query("ALTER ROLE one_roof_login VALID UNTIL '2100-01-01'");
  expect(await findings(db)).toEqual(["one_roof_login: a valid password is not declared"]);
});

test("an approval that has expired leaves a membership, which the audit names", async () => {
  await as("one_roof_approver", APPROVE);
  await db.query("UPDATE one_roof_access.approval SET valid_until = clock_timestamp() WHERE withdrawn_at IS NULL");
  expect(await findings(db)).toEqual([
    "one_roof_login: a valid password is not declared",
    "one_roof_login: membership on role one_roof_executor is not declared",
    "one_roof_login: membership on role one_roof_owner is not declared",
  ]);
  await as("one_roof_approver", WITHDRAW);
  expect(await findings(db)).toEqual([]);
});
