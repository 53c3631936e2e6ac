/** Whatever was planted is named: role, privilege and object. */
import { installSql, removeSql } from "../../access/sql";
import { auditAccess, describeAccess } from "../../provider";
import type { Session } from "../../provider/postgres/session";
import { atEnd } from "../support/clean-up";
import { catalogAndRows, differences, type Snapshot } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { ACCESS, audit, databaseWithRoles, findings } from "../support/database/roles";
import { meanwhile, providerSession } from "../support/database/session";

let db: TestDatabase;
let session: Session;

beforeAll(async () => {
  db = await databaseWithRoles("tier-6");
  session = await providerSession(db.url);
  await db.query("CREATE ROLE evil; CREATE ROLE owner_of_things");
  atEnd(async () => {
    const server = await database("empty");
    await server.query("DROP ROLE evil; DROP ROLE owner_of_things");
  });
});

/** Statement, and every finding that it makes. Each is planted on its own, in a transaction that is rolled back. */
const PLANTED: [sql: string, ...named: string[]][] = [
  // What our roles may do beyond what is declared.
  [
    "GRANT INSERT ON public.os_proposal_approvals TO one_roof_executor",
    "one_roof_executor: INSERT on table public.os_proposal_approvals",
  ],
  [
    "GRANT UPDATE ON public.governance_object_ownership TO one_roof_executor",
    "one_roof_executor: UPDATE on table public.governance_object_ownership",
  ],
  [
    "GRANT SELECT ON public.collection_registry TO one_roof_reader",
    "one_roof_reader: SELECT on table public.collection_registry",
  ],
  [
    "GRANT UPDATE (status) ON public.approval_requests TO one_roof_executor",
    "one_roof_executor: UPDATE on column public.approval_requests.status",
  ],
  [
    "GRANT SELECT ON public.taxonomy TO one_roof_executor WITH GRANT OPTION",
    "one_roof_executor: SELECT WITH GRANT OPTION on table public.taxonomy",
  ],
  [
    "GRANT USAGE ON SEQUENCE public.dot_tools_id_seq TO one_roof_executor",
    "one_roof_executor: USAGE on sequence public.dot_tools_id_seq",
  ],
  [
    "GRANT UPDATE ON SEQUENCE public.governance_object_ownership_id_seq TO one_roof_executor",
    "one_roof_executor: UPDATE on sequence public.governance_object_ownership_id_seq",
  ],
  ["GRANT CREATE ON SCHEMA public TO one_roof_executor", "one_roof_executor: CREATE on schema public"],
  ["GRANT TEMPORARY ON DATABASE {db} TO one_roof_login", "one_roof_login: TEMPORARY on database {db}"],
  [
    "GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO one_roof_monitor",
    "one_roof_monitor: EXECUTE on function pg_catalog.pg_read_file(text)",
  ],
  ["GRANT USAGE ON LANGUAGE plpgsql TO one_roof_owner", "one_roof_owner: USAGE on language plpgsql"],
  [
    "GRANT SET ON PARAMETER session_replication_role TO one_roof_executor",
    "one_roof_executor: SET on parameter session_replication_role",
  ],
  [
    "SELECT lo_create(4711); GRANT UPDATE ON LARGE OBJECT 4711 TO one_roof_executor",
    "one_roof_executor: UPDATE on large object 4711",
  ],
  [
    "GRANT UPDATE, DELETE ON one_roof_access.approval TO one_roof_executor",
    "one_roof_executor: DELETE on table one_roof_access.approval",
    "one_roof_executor: UPDATE on table one_roof_access.approval",
  ],
  [
    "GRANT EXECUTE ON FUNCTION one_roof_access.approve TO one_roof_login",
    "one_roof_login: EXECUTE on function one_roof_access.approve(release text, request text, valid_for interval)",
  ],
  // What others may do with what is ours.
  ["GRANT SELECT ON public.v_ui_lane TO evil", "evil: SELECT on table public.v_ui_lane"],
  ["GRANT TRIGGER ON public.axis_registry TO evil", "evil: TRIGGER on table public.axis_registry"],
  ["GRANT DELETE ON public.governance_drift_state TO PUBLIC", "PUBLIC: DELETE on table public.governance_drift_state"],
  ["GRANT SELECT (tag) ON public.axis_value TO evil", "evil: SELECT on column public.axis_value.tag"],
  [
    "GRANT USAGE ON SEQUENCE public.axis_assignment_id_seq TO evil",
    "evil: USAGE on sequence public.axis_assignment_id_seq",
  ],
  [
    "GRANT EXECUTE ON FUNCTION public.fn_governance_scan TO evil",
    "evil: EXECUTE on function public.fn_governance_scan(actor text, mode text)",
  ],
  ["GRANT CREATE ON SCHEMA one_roof_rollout TO evil", "evil: CREATE on schema one_roof_rollout"],
  ["GRANT USAGE ON SCHEMA one_roof_access TO PUBLIC", "PUBLIC: USAGE on schema one_roof_access"],
  [
    "GRANT EXECUTE ON FUNCTION one_roof_access.withdraw TO PUBLIC",
    "PUBLIC: EXECUTE on function one_roof_access.withdraw()",
  ],
  // What everybody may do.
  ["GRANT CREATE ON SCHEMA public TO PUBLIC", "PUBLIC: CREATE on schema public"],
  ["GRANT CREATE ON SCHEMA pg_catalog TO evil", "evil: CREATE on schema pg_catalog"],
  ["GRANT CREATE ON DATABASE {db} TO evil", "evil: CREATE on database {db}"],
  ["GRANT INSERT ON public.apr_approvals TO PUBLIC", "PUBLIC: INSERT on table public.apr_approvals"],
  [
    "GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text) TO PUBLIC",
    "PUBLIC: EXECUTE on function pg_catalog.pg_ls_dir(text)",
  ],
  [
    "CREATE FUNCTION public.approve_all() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "PUBLIC: EXECUTE on function public.approve_all()",
  ],
  // What will be.
  [
    "ALTER DEFAULT PRIVILEGES FOR ROLE one_roof_owner GRANT SELECT ON TABLES TO evil",
    "evil: SELECT on default privileges on tables of one_roof_owner",
  ],
  [
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT INSERT ON TABLES TO one_roof_executor",
    "one_roof_executor: INSERT on default privileges on tables of postgres in schema public",
  ],
  [
    "ALTER DEFAULT PRIVILEGES GRANT UPDATE ON SEQUENCES TO PUBLIC",
    "PUBLIC: UPDATE on default privileges on sequences of postgres",
  ],
  // Who is what.
  ["GRANT one_roof_owner TO evil", "evil: membership on role one_roof_owner"],
  ["GRANT one_roof_executor TO one_roof_login", "one_roof_login: membership on role one_roof_executor"],
  ["GRANT pg_write_all_data TO one_roof_executor", "one_roof_executor: membership on role pg_write_all_data"],
  ["GRANT one_roof_approver TO evil WITH ADMIN OPTION", "evil: membership with ADMIN OPTION on role one_roof_approver"],
  ["GRANT owner_of_things TO one_roof_login", "one_roof_login: membership on role owner_of_things"],
  ["ALTER ROLE one_roof_login CREATEROLE INHERIT", "one_roof_login: CREATEROLE", "one_roof_login: INHERIT"],
  ["ALTER ROLE one_roof_executor LOGIN", "one_roof_executor: LOGIN"],
  [
    "ALTER ROLE one_roof_monitor SUPERUSER REPLICATION BYPASSRLS CREATEDB",
    "one_roof_monitor: SUPERUSER",
    "one_roof_monitor: CREATEDB",
    "one_roof_monitor: REPLICATION",
    "one_roof_monitor: BYPASSRLS",
  ],
  ["ALTER ROLE one_roof_login VALID UNTIL 'infinity'", "one_roof_login: a valid password"],
  // What belongs to whom.
  ["ALTER TABLE public.coverage_rule OWNER TO evil", "evil: ownership on table public.coverage_rule"],
  [
    "ALTER FUNCTION public.fn_governance_scan OWNER TO evil",
    "evil: ownership on function public.fn_governance_scan(actor text, mode text)",
  ],
  [
    "ALTER TABLE public.dot_tools OWNER TO one_roof_executor",
    "one_roof_executor: ownership on sequence public.dot_tools_id_seq",
    "one_roof_executor: ownership on table public.dot_tools",
  ],
  ["CREATE VIEW one_roof_access.approved AS SELECT 1 AS one", "postgres: ownership on table one_roof_access.approved"],
  [
    "CREATE FUNCTION public.way_back() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION public.way_back() OWNER TO one_roof_owner",
    "one_roof_owner: ownership on function public.way_back()",
  ],
  [
    "CREATE TYPE public.mood AS ENUM ('ok'); ALTER TYPE public.mood OWNER TO one_roof_login",
    "one_roof_login: ownership on type public.mood",
  ],
];

/** What an owner has by default is the same written down or not. */
function plain({ catalog, rows }: Snapshot): Snapshot {
  return { rows, catalog: catalog.map((line) => line.replace(/ acl \{postgres=\w+\/postgres\}/, " acl ")) };
}

const NOT_DECLARED = " is not declared";

test.each(PLANTED)("names what was planted: %s", async (sql, ...named) => {
  const told = await meanwhile(session, sql.replaceAll("{db}", db.name), () => auditAccess(session, ACCESS));
  expect(told.findings.map(describeAccess).sort()).toEqual(
    named.map((each) => each.replaceAll("{db}", db.name) + NOT_DECLARED).sort(),
  );
});

test.each<[what: string, sql: string, named: string]>([
  [
    "a right",
    "REVOKE SELECT ON public.taxonomy FROM one_roof_executor",
    "one_roof_executor: SELECT on table public.taxonomy",
  ],
  [
    "a right that the rollout gives",
    "REVOKE SELECT ON public.v_ui_lane FROM one_roof_reader",
    "one_roof_reader: SELECT on table public.v_ui_lane",
  ],
  [
    "a sequence",
    "REVOKE USAGE ON SEQUENCE public.governance_object_ownership_id_seq FROM one_roof_executor",
    "one_roof_executor: USAGE on sequence public.governance_object_ownership_id_seq",
  ],
  [
    "a membership",
    "REVOKE pg_read_all_stats FROM one_roof_monitor",
    "one_roof_monitor: membership on role pg_read_all_stats",
  ],
  [
    "a setting",
    "ALTER ROLE one_roof_reader RESET statement_timeout",
    "one_roof_reader: the setting statement_timeout=5000",
  ],
])("names what is missing: %s", async (_, sql, named) => {
  const told = await meanwhile(session, sql, () => auditAccess(session, ACCESS));
  expect(told.findings.map(describeAccess)).toEqual([`${named} is declared and not there`]);
});

test("names a function of approval that is another one", async () => {
  const sql = `CREATE OR REPLACE FUNCTION one_roof_access.withdraw() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET timezone = 'UTC' AS 'BEGIN RETURN true; END'`;
  const told = await meanwhile(session, sql, () => auditAccess(session, ACCESS));
  expect(told.findings.map(describeAccess)).toEqual([
    "one_roof_access: the definition on function one_roof_access.withdraw() is not as declared",
  ]);
});

test("a view in the place of the approvals is not asked", async () => {
  const sql = `ALTER TABLE one_roof_access.approval RENAME TO former; CREATE VIEW one_roof_access.approval AS
    SELECT 1 AS id, 'x' AS release, 'x' AS request, 'x' AS approved_by, 'infinity'::timestamptz AS valid_until, NULL AS withdrawn_at`;
  const told = await meanwhile(session, sql, () => auditAccess(session, ACCESS));
  expect(told.inForce).toBeUndefined();
  expect(told.findings.map(describeAccess)).toContain(
    "postgres: ownership on table one_roof_access.approval is not declared",
  );
});

describe("the login of a session", () => {
  const APPROVES = [
    "the right to write on table public.approval_requests",
    "the right to write on table public.apr_approvals",
  ];

  test.each<[about: string, grants: string, refused: string[]]>([
    ["a superuser", "ALTER ROLE operator SUPERUSER", ["SUPERUSER"]],
    ["may create roles", "ALTER ROLE operator CREATEROLE", ["CREATEROLE"]],
    ["is an approver", "GRANT one_roof_approver TO operator", ["the right to approve"]],
    ["may write approvals", "GRANT INSERT ON public.apr_approvals, public.approval_requests TO operator", APPROVES],
    [
      "may, through a role",
      "GRANT UPDATE (status) ON public.approval_requests TO evil; ALTER ROLE operator NOINHERIT; GRANT evil TO operator",
      [APPROVES[0]],
    ],
    ["owns tables", "ALTER TABLE public.dot_tools OWNER TO operator", ["ownership on table public.dot_tools"]],
    ["may do nothing of it", "", []],
  ])("that %s is refused for exactly that", async (_, grants, refused) => {
    const sql = `CREATE ROLE operator LOGIN; ${grants}; SET LOCAL SESSION AUTHORIZATION operator`;
    const told = await meanwhile(session, sql, () => auditAccess(session, ACCESS));
    expect(told.session.map(describeAccess)).toEqual(
      refused.map((each) => `operator: ${each} is refused for the login of a rollout`),
    );
  });
});

test("a schema of the name that belongs to somebody else is not believed, and nothing is built on it", async () => {
  const shadow = await database("signed");
  await shadow.query("CREATE SCHEMA one_roof_access AUTHORIZATION evil");
  expect(await audit(shadow)).toMatchObject({
    absent: "schema one_roof_access belongs to evil, not to one_roof_access",
    findings: [],
  });
  await expect(shadow.query(installSql(ACCESS))).rejects.toMatchObject({
    code: "55000",
    message: "Schema one_roof_access belongs to evil, not to one_roof_access.",
  });
  await shadow.query("ROLLBACK; DROP SCHEMA one_roof_access");
  expect((await audit(shadow)).absent).toBe("there is no schema one_roof_access");
});

test("what somebody else owns under our names is not taken over", async () => {
  const trap = await database("signed");
  await trap.query(`CREATE FUNCTION public.fn_governance_scan(actor text, mode text) RETURNS bigint SECURITY DEFINER LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE public.axis_registry (); ALTER TABLE public.axis_registry OWNER TO evil`);
  await trap.query(installSql(ACCESS));
  expect(await findings(trap)).toEqual(
    expect.arrayContaining([
      "evil: ownership on table public.axis_registry is not declared",
      "postgres: ownership on function public.fn_governance_scan(actor text, mode text) is not declared",
    ]),
  );
});

test("the removal refuses while a rollout stands, and leaves nothing once it does not", async () => {
  await expect(db.query(removeSql(ACCESS))).rejects.toMatchObject({ code: "55000" });
  await db.query("ROLLBACK");
  const before = await database("signed");
  const empty = await catalogAndRows(before.url);
  await before.query(installSql(ACCESS));
  await before.query(removeSql(ACCESS));
  expect(differences(plain(empty), plain(await catalogAndRows(before.url)))).toEqual([]);
});
