import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { EXIT } from "../../cli/exit-codes";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, RATIFIED, type TestDatabase } from "../support/database/database";
import { GATE_CHECK } from "../support/database/files";
import { program, type PsqlResult } from "../support/database/psql";

/** A server cannot be older than it is, but what the probe asks can be made to lie to sessions that may only read. */
const OLD_SERVER = `
  SET allow_system_table_mods = on;
  ALTER FUNCTION pg_catalog.current_setting(text) RENAME TO current_setting_of_this_server;
  CREATE FUNCTION pg_catalog.current_setting(name text) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT CASE WHEN name = 'server_version_num' AND current_setting_of_this_server('default_transaction_read_only') = 'on'
      THEN '140012' ELSE current_setting_of_this_server(name) END $$`;

/** A relation of the right name that is no view. */
const NO_VIEW = `DROP VIEW v_object_owner_conflict; CREATE TABLE v_object_owner_conflict (object_type text)`;

const CONFLICT = `ALTER VIEW v_object_owner_conflict RENAME TO conflicts; CREATE VIEW v_object_owner_conflict AS SELECT 1 AS one`;

const UNSIGNED = "DELETE FROM os_proposal_approvals";

const ONE_MORE = `INSERT INTO collection_registry (collection_name, "group", governance_role, coverage_status)
  VALUES ('newcomer', 'GRP-AI', 'governed', 'BIRTH_REQUIRED')`;

const OWNER =
  "INSERT INTO governance_object_ownership (object_type, object_ref, scope, owner_kind, owner_gov_code) VALUES";
const SUPPORTING_OWNER = `${OWNER} ('law', 'x', 'audit', 'supporting', 'GOV-DOT')`;
const TWO_OWNERS = `DROP INDEX uq_gov_obj_accountable;
  ${OWNER} ('law', 'x', 'audit', 'accountable', 'GOV-MOT'), ('law', 'x', 'audit', 'accountable', 'GOV-MOW')`;

const EVENT = `ALTER TABLE event_outbox DISABLE TRIGGER USER;
  INSERT INTO event_outbox (event_domain, event_type, event_stream, delivery_lane, canonical_address)
  VALUES ('governance', 'coverage.scan_completed', 'governance.scan', 'batch', 'x')`;

const ACTIVE_TYPE = `UPDATE event_type_registry SET active = true WHERE event_type = 'handoff.object_born'`;

interface Asked {
  /** The code of the ratified request; empty for none. */
  apr?: string;
  /** The name that the database must have. */
  expected?: string;
  url?: string;
}

let db: TestDatabase;
let folder: string;

beforeEach(async () => {
  db = await database("signed");
  folder = mkdtempSync(path.join(os.tmpdir(), "one-roof-gate-"));
});

afterEach(async () => {
  rmSync(folder, { recursive: true });
  await db.drop();
});

function configuration(text: string): string {
  const file = path.join(folder, "Pulumi.test.yaml");
  writeFileSync(file, text);
  return file;
}

function command(
  args: string[] = [],
  { apr = RATIFIED, expected = db.name, url = db.url }: Asked = {},
): Promise<PsqlResult> {
  const file = configuration(`config:\n  one-roof:database: ${expected}\n`);
  return gate(["--config-file", file, ...args], { DATABASE_URL: url, RATIFIED_APR: apr });
}

function gate(args: string[], env: NodeJS.ProcessEnv): Promise<PsqlResult> {
  const clean = { PULUMI_STACK: "dev", PULUMI_OPTION_CONFIG_FILE: "", RATIFIED_APR: "" };
  return program(process.execPath, [path.resolve("cli/main.js"), "gate", ...args], { ...clean, ...env });
}

function throughPsql({ apr = RATIFIED, expected = db.name, url = db.url }: Asked = {}): Promise<PsqlResult> {
  return program(GATE_CHECK, ["-d", url, "-v", `database=${expected}`], { RATIFIED_APR: apr });
}

/** Asks both monitors, which must say the same. */
async function verdict(asked: Asked = {}): Promise<{ line: string; code: number }> {
  const [node, psql] = await Promise.all([command([], asked), throughPsql(asked)]);
  expect(node).toEqual({ code: psql.code, stdout: psql.stdout, stderr: "" });
  return { line: node.stdout, code: node.code };
}

test("is READY on the signed baseline, and leaves it as it was", async () => {
  const before = await catalogAndRows(db.url);
  expect(await verdict()).toEqual({ line: "READY\n", code: 0 });
  expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
});

test.each<[gate: string, fault: string, blockers: string, asked?: Asked]>([
  ["database", "", "database: database<>directus;", { expected: "directus" }],
  ["server_version", OLD_SERVER, "server_version: server_version<150000;"],
  ["ospa", UNSIGNED, "ospa: ospa<1; ospa_valid: ospa_valid<>approved;"],
  ["ratified_request, pending", "", "ratified_request: ratified_request<>approved;", { apr: "APR-0210" }],
  ["ratified_request, not named", "", "ratified_request: ratified_request not named;", { apr: "" }],
  ["ratified_request, not there", "", "ratified_request: ratified_request unknown;", { apr: "x' OR 'a'='a" }],
  ["prerequisite_views", NO_VIEW, "prerequisite_views: prereq<>5;"],
  ["axis_objects", "CREATE TABLE axis_registry (axis_code text)", "axis_objects: axis_present;"],
  ["ownership_gap", ONE_MORE, "ownership_gap: gap<>210;"],
  ["ownership_rows", SUPPORTING_OWNER, "ownership_rows: own<>0;"],
  ["ownership_conflict", CONFLICT, "ownership_conflict: conflict<>0;"],
  ["governance_outbox", EVENT, "governance_outbox: emit<>0;"],
  ["active_event_types", ACTIVE_TYPE, "active_event_types: event_types_active<>0;"],
  ["two at once", TWO_OWNERS, "ownership_rows: own<>0; ownership_conflict: conflict<>0;"],
  [
    "two far apart",
    `${SUPPORTING_OWNER}; ${ACTIVE_TYPE}`,
    "ownership_rows: own<>0; active_event_types: event_types_active<>0;",
  ],
  [
    "a table missing",
    "DROP TABLE os_proposal_approvals CASCADE",
    "ospa: ospa unknown; ospa_valid: ospa_valid unknown;",
  ],
  [
    "a column missing",
    "ALTER TABLE event_type_registry RENAME COLUMN active TO is_active",
    "active_event_types: event_types_active unknown; columns_missing: columns_missing<>none;",
  ],
  [
    "a view missing",
    "DROP VIEW v_object_owner_conflict",
    "prerequisite_views: prereq<>5; ownership_conflict: conflict unknown;",
  ],
])("is BLOCKED by %s as under psql", async (...[, fault, blockers, asked]) => {
  if (fault) await db.query(fault);
  expect(await verdict(asked)).toEqual({ line: `BLOCKED ${blockers}\n`, code: 10 });
});

test("is BLOCKED for a login that may read nothing, naming each reading", async () => {
  await db.query("CREATE ROLE gate_nobody LOGIN");
  try {
    const url = db.url.replace("//postgres@", "//gate_nobody@");
    const { line, code } = await verdict({ url });
    const unknown = [
      ...["ospa", "ospa_valid", "ratified_request", "gap", "own", "conflict", "emit", "event_types_active"],
      ...[
        "idle_in_the_way_over_5s",
        "agencies_missing",
        "mapped_labels_inactive",
        "rule_labels_unknown",
        "orphan_labels",
      ],
    ];
    expect([...line.matchAll(/(\w+) unknown;/g)].map(([, name]) => name)).toEqual(unknown);
    expect(code).toBe(10);
  } finally {
    await db.query("DROP ROLE gate_nobody");
  }
});

test("--quiet prints nothing and tells by the exit code", async () => {
  expect(await command(["--quiet"])).toEqual({ code: 0, stdout: "", stderr: "" });
  await db.query(UNSIGNED);
  expect(await command(["--quiet"])).toEqual({ code: 10, stdout: "", stderr: "" });
  expect(await command(["--quiet", "--json"])).toEqual({ code: 10, stdout: "", stderr: "" });
});

test("--json prints one object with every blocker, its meaning and its remedy, and all readings", async () => {
  await db.query(`${ONE_MORE}; ALTER TABLE os_proposal_approvals RENAME TO elsewhere`);
  const { code, stdout, stderr } = await command(["--json"]);
  const { blockers, readings, ...rest } = JSON.parse(stdout);
  expect({ code, stderr, lines: stdout.trimEnd().split("\n").length }).toEqual({ code: 10, stderr: "", lines: 1 });
  expect(rest).toEqual({ verdict: "BLOCKED", database: db.name, tiers: [] });
  expect(blockers).toMatchObject([
    { gate: "ospa", expected: ">= 1", measured: null, meaning: expect.stringMatching(/signed/) },
    { gate: "ospa_valid", expected: "= approved", measured: null },
    { gate: "ownership_gap", expected: "= 210", measured: 216, remedy: expect.stringMatching(/v_object_owner_gap/) },
  ]);
  expect(readings).toMatchObject({ ospa: null, ownership_gap: 216, ratified_request: "approved", dot_tools: 309 });
  await db.query(`ALTER TABLE elsewhere RENAME TO os_proposal_approvals; DELETE FROM collection_registry
    WHERE collection_name = 'newcomer'`);
  expect(JSON.parse((await command(["--json"])).stdout)).toMatchObject({ verdict: "READY", blockers: [] });
});

test("cannot write, whatever the views that it reads do", async () => {
  await db.query(`
    CREATE FUNCTION writes() RETURNS integer LANGUAGE plpgsql AS $$
      BEGIN DELETE FROM public.apr_approvals; RETURN 1; END $$;
    ALTER VIEW v_object_owner_gap RENAME TO gap;
    CREATE VIEW v_object_owner_gap AS SELECT gap.*, writes() AS written FROM gap`);
  const { code, stdout, stderr } = await command();
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^.*cannot execute DELETE in a read-only transaction.*\n$/);
  expect((await throughPsql()).code).toBe(1);
});

test("gives up on a lock after a bounded wait", async () => {
  const other = await db.connect();
  await other.query("BEGIN; LOCK os_proposal_approvals");
  const [node, psql] = await Promise.all([command(), throughPsql()]);
  await other.query("ROLLBACK");
  expect({ code: node.code, stdout: node.stdout }).toEqual({ code: EXIT.locked, stdout: "" });
  expect(psql.code).toBe(1);
  expect(node.stderr).toMatch(/^.*lock timeout.*\n$/);
});
