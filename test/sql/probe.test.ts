import { catalogAndRows, differences } from "../support/database/compare";
import { database, lastOf, RATIFIED, withDatabase, type State, type TestDatabase } from "../support/database/database";
import { PROBE, text } from "../support/database/files";
import { TABLES } from "../support/database/objects";

const SQL = text(PROBE);

/** The names that are binding, in their order; others may follow. */
const NAMES =
  "database server_version ospa ratified_request prerequisite_views axis_objects ownership_gap ownership_rows " +
  "ownership_conflict governance_outbox active_event_types approval_requests apr_approvals responsibility_scopes " +
  "idle_in_transaction system_issues governance_relations dot_tools active_axes responsibility_required " +
  "responsibility_axis_gap containment_required containment_gap topic_gap divergent projection_gap label_orphans " +
  "open_drift critical_drift emittable reconcile_decisions kg_domain_x";

const AXIS_READINGS = NAMES.split(" ").slice(NAMES.split(" ").indexOf("active_axes"));

type Readings = Record<string, string | null>;

const readings = async (db: Pick<TestDatabase, "rows">): Promise<Readings> => {
  const read = Object.fromEntries((await db.rows(SQL)) as [string, string | null][]);
  // The probe pins it for its session, which here is a test's own.
  await db.rows("RESET search_path");
  return read;
};

describe("on the signed baseline", () => {
  let db: TestDatabase;
  let read: Readings;

  beforeAll(async () => {
    db = await database("signed");
    await db.query(`SET one_roof.ratified_apr = '${RATIFIED}'`);
    read = await readings(db);
  });

  afterAll(() => db.drop());

  test("takes every reading that is named, in order, each once", async () => {
    const names = (await db.rows(SQL)).map(([name]) => name);
    expect(names.slice(0, NAMES.split(" ").length)).toEqual(NAMES.split(" "));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining([
        "responsibility_gap_drift",
        "ownership_seeded",
        "containment_unregistered_groups",
        "containment_without_group",
        "mapped_labels_inactive",
      ]),
    );
  });

  test("with the values of the domain", () => {
    expect(read).toMatchObject({
      database: db.name,
      server_version: expect.stringMatching(/^1[5-9]\d{4}$/),
      ospa: "1",
      ratified_request: "approved",
      prerequisite_views: "5",
      axis_objects: "0",
      ownership_gap: "210",
      ownership_rows: "0",
      ownership_conflict: "0",
      governance_outbox: "0",
      active_event_types: "0",
      approval_requests: "211",
      apr_approvals: "42",
      responsibility_scopes: "6",
      idle_in_transaction: "0",
      system_issues: "204",
      governance_relations: "8",
      dot_tools: "309",
      mapped_labels_inactive: "0",
      ospa_valid: "approved",
    });
  });

  test("and NULL for what does not exist yet", () => {
    expect(AXIS_READINGS.map((name) => [name, read[name]])).toEqual(AXIS_READINGS.map((name) => [name, null]));
  });

  test.each([
    ["", null],
    ["APR-9999", null],
    ["APR-0210", "pending"],
    ["APR-0209", "rejected"],
    ["x' OR 'a'='a", null],
  ])("reads the status of the ratified request %p", async (code, status) => {
    await db.query("SELECT set_config('one_roof.ratified_apr', $1, false)", [code]);
    expect((await readings(db)).ratified_request).toBe(status);
  });

  test("is one SELECT that works in a read-only transaction and under another search_path", async () => {
    await db.query("BEGIN READ ONLY; SET LOCAL search_path = pg_catalog");
    const again = await readings(db);
    await db.query("COMMIT");
    expect({ ...again, ratified_request: null }).toEqual({ ...read, ratified_request: null });
  });

  test("leaves nothing behind", async () => {
    const before = await catalogAndRows(db.url);
    expect((await db.psql(["-f", PROBE])).code).toBe(0);
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  });
});

/** For each reading the relations without which it cannot be taken. */
const NEEDS: [relation: string, kind: "TABLE" | "VIEW", state: State, unknown: string[]][] = [
  ["os_proposal_approvals", "TABLE", "signed", ["ospa", "ospa_valid"]],
  ["approval_requests", "TABLE", "signed", ["ratified_request", "approval_requests", "ospa_valid"]],
  ["v_object_owner_conflict", "VIEW", "signed", ["ownership_conflict"]],
  ["v_object_owner_gap", "VIEW", "signed", ["ownership_gap"]],
  ["event_outbox", "TABLE", "signed", ["governance_outbox"]],
  ["event_type_registry", "TABLE", "signed", ["active_event_types"]],
  ["apr_approvals", "TABLE", "signed", ["apr_approvals"]],
  ["system_issues", "TABLE", "signed", ["system_issues"]],
  ["governance_relations", "TABLE", "signed", ["governance_relations"]],
  ["dot_tools", "TABLE", "signed", ["dot_tools"]],
  ["governance_drift_state", "TABLE", "tier-6", ["open_drift", "critical_drift", "emittable"]],
  ["topic_label_reconcile_decision", "TABLE", "tier-6", ["reconcile_decisions", "divergent", "projection_gap"]],
  ["v_reconcile_label_orphan", "VIEW", "tier-6", ["label_orphans"]],
];

test.each(NEEDS)(
  "without %s the readings that need it are NULL, and the others stand",
  async (relation, kind, state, unknown) => {
    await withDatabase(state, async (db) => {
      await db.query(`SET one_roof.ratified_apr = '${RATIFIED}'`);
      const before = await readings(db);
      for (const name of unknown) expect([name, before[name]]).toEqual([name, expect.any(String)]);
      await db.query(`DROP ${kind} ${relation} CASCADE`);
      const after = await readings(db);
      for (const name of unknown) expect([name, after[name]]).toEqual([name, null]);
      expect(after).toMatchObject({ database: db.name, dot_tools: relation === "dot_tools" ? null : "309" });
    });
  },
);

describe("a login that may not see everything", () => {
  let db: TestDatabase;
  let login: string;

  beforeAll(async () => {
    db = await database("signed");
    login = `login_of_${db.name}`;
    await db.query(`CREATE ROLE ${login} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${login}`);
  });

  afterAll(async () => {
    await db.query(`DROP OWNED BY ${login}; DROP ROLE ${login}`);
    await db.drop();
  });

  const readAs = async () => {
    const client = await db.connect(login);
    const result = await client.query<[string, string | null]>({ text: SQL, rowMode: "array" });
    return Object.fromEntries(lastOf(result).rows);
  };

  test("reads NULL, not 0, for sessions of others it cannot see", async () => {
    expect((await readAs()).idle_in_transaction).toBeNull();
    await db.query(`GRANT pg_read_all_stats TO ${login}`);
    expect((await readAs()).idle_in_transaction).toBe("0");
  });

  test("reads NULL for a relation it may not read", async () => {
    expect((await readAs()).ospa).toBe("1");
    await db.query(`REVOKE SELECT ON os_proposal_approvals, system_issues FROM ${login}`);
    expect(await readAs()).toMatchObject({ ospa: null, system_issues: null, dot_tools: "309" });
  });

  test("reads NULL for a relation whose rows are hidden from it", async () => {
    await db.query("ALTER TABLE approval_requests ENABLE ROW LEVEL SECURITY");
    expect((await readAs()).approval_requests).toBeNull();
  });
});

test("tables of the 43 names in any shape of their own are an answer, never an error", async () => {
  await withDatabase("signed", async (db) => {
    await db.query(TABLES.map((table) => `CREATE TABLE ${table} ()`).join(";"));
    expect(await readings(db)).toMatchObject({
      axis_objects: "11",
      active_axes: null,
      others_rows: "none",
      structure_rows: null,
    });
  });
});
