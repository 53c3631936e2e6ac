import { catalogAndRows, differences } from "../support/database/compare";
import { NO_APPROVAL, OTHER_LABEL, owner } from "../support/faults/faults";
import { copy, database, RATIFIED, templateName, withDatabase } from "../support/database/database";
import { PER_TIER_ROLLBACK, PROBE, RUN_ALL, text } from "../support/database/files";

const LINES = [
  /^TIER 0 PREFLIGHT PASS: /,
  /^TIER 1 STRUCTURE PASS: .*axis_objects 43/,
  /^TIER 2 RESPONSIBILITY AXIS PASS: .*responsibility_required 210/,
  /^TIER 3 OWNERSHIP SEED PASS: .*ownership_seeded 30.*ownership_gap 0/,
  /^TIER 4 CONTAINMENT PASS: .*containment_required 35/,
  /^TIER 5 TOPIC FINALIZATION PASS: .*divergent 0/,
  /^TIER 6 SCANNER BASELINE PASS: .*critical_drift 0/,
  /^TIER 8 VERIFY PASS$/,
  /^ROLLOUT COMPLETE — ALL TIERS PASSED$/,
];

/** The probe's values that the domain fixes for the end state (§10), and those that must not move (§2.6). */
const END_STATE = {
  ownership_gap: "0",
  ownership_rows: "30",
  ownership_conflict: "0",
  containment_required: "35",
  containment_gap: "0",
  responsibility_required: "210",
  responsibility_axis_gap: "0",
  active_axes: "3",
  divergent: "0",
  projection_gap: "0",
  label_orphans: "0",
  open_drift: "38",
  critical_drift: "0",
  emittable: "0",
  governance_outbox: "0",
  active_event_types: "0",
  kg_domain_x: "active",
  reconcile_decisions: "6",
  topic_gap: "1",
  axis_objects: "43",
  approval_requests: "211",
  apr_approvals: "42",
  responsibility_scopes: "6",
  governance_relations: "8",
  dot_tools: "309",
  ospa: "1",
};

test("prints one readable line a tier and ends on every number of the end state", async () => {
  await withDatabase("signed", async (db) => {
    const { code, stdout, stderr } = await db.psql(["-v", `ratified_apr=${RATIFIED}`, "-f", RUN_ALL]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.trim().split("\n")).toEqual(LINES.map((line) => expect.stringMatching(line)));
    const readings = Object.fromEntries((await db.rows(text(PROBE))) as [string, string][]);
    expect(readings).toMatchObject(END_STATE);
  });
});

test("says every gate when asked to", async () => {
  await withDatabase("signed", async (db) => {
    const { code, stderr } = await db.psql(["-v", `ratified_apr=${RATIFIED}`, "-v", "verbose=1", "-f", RUN_ALL]);
    expect(code).toBe(0);
    expect(stderr).toContain("gate entry ownership_gap: expected = 210, measured 210");
    expect(stderr).toContain("gate exit kg_domain_x: expected = active, measured active");
  });
});

test("stays itself when the operator’s own psql start-up, format and search_path differ", async () => {
  await withDatabase("signed", async (db) => {
    await db.query(`CREATE SCHEMA shadow; CREATE TABLE shadow.os_proposal_approvals (); CREATE TABLE shadow.axis_registry ();
      CREATE VIEW shadow.v_object_owner_gap AS SELECT 1; CREATE TABLE shadow.governance_object_ownership (a int)`);
    const { code, stdout } = await db.psql(["-q", "-x", "-H", "-v", `ratified_apr=${RATIFIED}`, "-f", RUN_ALL], {
      search_path: "shadow, public",
      default_transaction_isolation: "repeatable read",
      DateStyle: "German",
    });
    expect([code, stdout.trim().split("\n").at(-1)]).toEqual([0, "ROLLOUT COMPLETE — ALL TIERS PASSED"]);
    expect(await db.value("SELECT count(*)::int FROM shadow.governance_object_ownership")).toBe(0);
  });
});

test("runs in a database named directus without being told its name", async () => {
  await (await database("signed")).drop();
  const db = await copy(templateName("signed"), "directus");
  await db.query("ALTER DATABASE directus RESET ALL");
  const { code } = await db.psql(["-v", `ratified_apr=${RATIFIED}`, "-f", RUN_ALL]);
  const back = await db.psql(["-f", PER_TIER_ROLLBACK]);
  await db.drop();
  expect([code, back.code]).toEqual([0, 0]);
});

test("takes the name of a clone as a variable", async () => {
  await withDatabase("signed", async (db) => {
    await db.query(`ALTER DATABASE ${db.name} RESET ALL`);
    const run = (name: string, file: string) =>
      db.psql(["-v", `ratified_apr=${RATIFIED}`, "-v", `database=${name}`, "-f", file]);
    expect((await run("another", RUN_ALL)).code).toBe(3);
    expect((await run(db.name, RUN_ALL)).code).toBe(0);
    expect((await run("another", PER_TIER_ROLLBACK)).code).toBe(3);
    expect((await run(db.name, PER_TIER_ROLLBACK)).code).toBe(0);
  });
});

describe("is refused with exit code 3, says why, and changes nothing", () => {
  test.each([
    ["without an approval", NO_APPROVAL, RATIFIED, "ospa expected >= 1, measured 0"],
    [
      "without a ratified request",
      "SELECT 1",
      undefined,
      "ratified_request expected = approved, measured NULL (no request was named)",
    ],
    [
      "with an unknown request",
      "SELECT 1",
      "APR-9999",
      "ratified_request expected = approved, measured NULL (there is no request APR-9999)",
    ],
    [
      "with a pending request",
      "SELECT 1",
      "APR-0210",
      "ratified_request expected = approved, measured pending (request APR-0210)",
    ],
    [
      "with requests that are hidden",
      "ALTER TABLE approval_requests RENAME COLUMN status TO state",
      RATIFIED,
      "ratified_request expected = approved, measured NULL (request APR-0211)",
    ],
    ["with SQL for a request", "SELECT 1", `'; DROP TABLE tasks; --`, "ratified_request expected = approved"],
    [
      "with an owner there",
      owner(`'law', 'x', 'audit', 'supporting', 'GOV-DOT'`),
      RATIFIED,
      "ownership_rows expected = 0, measured 1",
    ],
  ])("%s", async (_, fault, apr, message) => {
    await withDatabase("signed", async (db) => {
      await db.query(fault);
      const before = await catalogAndRows(db.url);
      const { code, stdout, stderr } = await db.psql([...(apr ? ["-v", `ratified_apr=${apr}`] : []), "-f", RUN_ALL]);
      expect([code, stdout, stderr]).toEqual([3, "", expect.stringContaining(message)]);
      expect(stderr).toMatch(/HINT: +\S/);
      expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
    });
  });

  test("a second time", async () => {
    await withDatabase("tier-6", async (db) => {
      const before = await catalogAndRows(db.url);
      const { code, stderr } = await db.file(RUN_ALL);
      expect([code, stderr]).toEqual([3, expect.stringContaining("axis_objects expected = 0, measured 43")]);
      expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
    });
  });

  test("even when the caller forgot ON_ERROR_STOP", async () => {
    await withDatabase("unsigned", async (db) => {
      const { code, stdout } = await db.psql([
        "-v",
        "ON_ERROR_STOP=0",
        "-v",
        `ratified_apr=${RATIFIED}`,
        "-f",
        RUN_ALL,
      ]);
      expect([code, stdout]).toEqual([3, ""]);
    });
  });
});

test("a later refusal leaves the earlier tiers in place and the later ones untouched", async () => {
  await withDatabase("signed", async (db) => {
    await db.query(OTHER_LABEL);
    const { code, stdout, stderr } = await db.file(RUN_ALL);
    expect(code).toBe(3);
    expect(stdout.trim().split("\n")).toHaveLength(5);
    expect(stderr).toContain("Tier 5 (topic finalization) exit: 1 of");
    expect(await db.rows("SELECT axis_code FROM axis_registry ORDER BY 1")).toEqual([
      ["containment"],
      ["responsibility"],
    ]);
    expect((await db.file(PER_TIER_ROLLBACK)).code).toBe(0);
  });
});

test("a collection that needs no owner, or is not born, is seeded nowhere", async () => {
  await withDatabase("signed", async (db) => {
    await db.query(`INSERT INTO collection_registry (collection_name, "group", governance_role, coverage_status, storage_role, migration_state)
      VALUES ('mirror', 'GRP-AI', 'governed', 'BIRTH_REQUIRED', 'projection', 'born'),
             ('unborn', 'GRP-AI', 'governed', 'BIRTH_REQUIRED', 'primary', 'unborn')`);
    expect((await db.file(RUN_ALL)).code).toBe(0);
    for (const table of ["axis_assignment", "axis_object_ownership"]) {
      expect(await db.value(`SELECT count(*)::int FROM ${table} WHERE object_ref IN ('mirror', 'unborn')`)).toBe(0);
    }
  });
});

test("where a topic’s collection is not governed, its assignment is left out and the rest holds", async () => {
  await withDatabase("signed", async (db) => {
    await db.query(`
      UPDATE collection_registry SET coverage_status = 'BIRTH_EXEMPT' WHERE collection_name = 'iu_staging_record';
      INSERT INTO collection_registry (collection_name, "group", governance_role, coverage_status, migration_state)
      VALUES ('stand_in', 'GRP-REGISTRY', 'governed', 'BIRTH_REQUIRED', 'born')`);
    const { code } = await db.file(RUN_ALL);
    expect(code).toBe(0);
    expect(await db.value(`SELECT count(*)::int FROM axis_assignment WHERE axis_code = 'topic'`)).toBe(5);
    expect(await db.value("SELECT count(*)::int FROM topic_label_reconcile_decision")).toBe(5);
  });
});
