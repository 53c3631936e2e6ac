import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, withDatabase, type TestDatabase } from "../support/database/database";
import { text } from "../support/database/files";

const FIGURES: [string, string, unknown][] = [
  ["collections", "SELECT count(*)::int FROM collection_registry", 168],
  ["governed collections", "SELECT count(*)::int FROM v_governance_object_inventory", 35],
  [
    "governed collections that need an owner",
    "SELECT count(*)::int FROM v_governance_object_inventory WHERE requires_owner AND born",
    35,
  ],
  ["containment edges", "SELECT count(*)::int FROM v_governance_object_containment", 35],
  ["ownership gap", "SELECT count(*)::int FROM v_object_owner_gap", 210],
  ["ownership conflicts", "SELECT count(*)::int FROM v_object_owner_conflict", 0],
  ["effective owners", "SELECT count(*)::int FROM v_object_effective_owner", 0],
  ["ownership rows", "SELECT count(*)::int FROM governance_object_ownership", 0],
  [
    "ownership triggers",
    `SELECT count(*)::int FROM pg_trigger WHERE tgrelid = 'governance_object_ownership'::regclass AND NOT tgisinternal`,
    0,
  ],
  [
    "agencies",
    `SELECT string_agg(code, ' ' ORDER BY code) FROM governance_registry`,
    "GOV-COUNCIL GOV-DOT GOV-KG-SYS GOV-MOIT GOV-MOT GOV-MOUT GOV-MOW GOV-NRM-SYS GOV-SIV",
  ],
  ["agency relations", "SELECT count(*)::int FROM governance_relations", 8],
  [
    "active scopes",
    `SELECT string_agg(scope_code, ' ' ORDER BY scope_code) FROM governance_responsibility_scope WHERE status = 'active'`,
    "approval audit execution health policy render",
  ],
  ["labels", "SELECT count(*)::int FROM taxonomy", 58],
  ["active labels", `SELECT count(*)::int FROM taxonomy WHERE status = 'active'`, 57],
  ["facets", "SELECT count(*)::int FROM taxonomy_facets", 10],
  [
    "facet of the domain labels",
    `SELECT string_agg(DISTINCT facet_id::text, ',') FROM taxonomy WHERE code ~ '^LBL-0'`,
    "1",
  ],
  ["facet of LBL-1xx", `SELECT string_agg(DISTINCT facet_id::text, ',') FROM taxonomy WHERE code ~ '^LBL-1'`, "2"],
  ["facet of LBL-304", `SELECT facet_id FROM taxonomy WHERE code = 'LBL-304'`, 4],
  ["label rules", `SELECT count(*)::int FROM label_rules WHERE rule_type = 'collection' AND status = 'active'`, 38],
  ["labels in use", "SELECT count(DISTINCT label_code)::int FROM entity_labels", 23],
  [
    "labels in use that are not active",
    `SELECT count(*)::int FROM entity_labels WHERE label_code NOT IN (SELECT code FROM taxonomy WHERE status = 'active')`,
    0,
  ],
  [
    "type of assigned_at",
    `SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'entity_labels'::regclass AND attname = 'assigned_at'`,
    "timestamp without time zone",
  ],
  ["requests", "SELECT count(*)::int FROM approval_requests", 211],
  ["approvals", "SELECT count(*)::int FROM apr_approvals", 42],
  ["tools", "SELECT count(*)::int FROM dot_tools", 309],
  ["governance events", `SELECT count(*)::int FROM event_outbox WHERE event_domain = 'governance'`, 0],
  [
    "governance event types",
    `SELECT string_agg(event_type || ' ' || active, ', ' ORDER BY event_type) FROM event_type_registry WHERE event_domain = 'governance'`,
    "backfill.sweep_completed false, candidate.scan_completed false, coverage.scan_completed false, handoff.object_born false, input.untrusted_source false",
  ],
  [
    "triggers on system_issues",
    `SELECT count(*)::int FROM pg_trigger WHERE tgrelid = 'system_issues'::regclass AND NOT tgisinternal`,
    9,
  ],
  [
    "outbox triggers",
    `SELECT string_agg(tgname, ',') FROM pg_trigger WHERE tgrelid = 'event_outbox'::regclass AND NOT tgisinternal`,
    "trg_event_outbox_type_validate",
  ],
  [
    "approval columns",
    `SELECT count(*)::int FROM pg_attribute WHERE attrelid = 'os_proposal_approvals'::regclass AND attnum > 0`,
    19,
  ],
  ["human approvals", "SELECT count(*)::int FROM os_proposal_approvals", 0],
];

describe("the baseline", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("unsigned");
  });

  afterAll(() => db.drop());

  test.each(FIGURES)("%s", async (_, sql, expected) => {
    expect(await db.value(sql)).toBe(expected);
  });

  test("groups hold 16, 14, 2, 2 and 1 collections, with the members that are known", async () => {
    const rows = await db.query(`
      SELECT parent_ref, count(*)::int AS children, array_agg(object_ref ORDER BY object_ref) AS members
      FROM v_governance_object_containment GROUP BY 1 ORDER BY 2 DESC, 1`);
    expect(rows.map((row) => [row.parent_ref, row.children])).toEqual([
      ["GRP-GOVERNANCE", 16],
      ["GRP-REGISTRY", 14],
      ["GRP-BUSINESS", 2],
      ["GRP-WORKFLOW", 2],
      ["GRP-AI", 1],
    ]);
    expect(rows[0].members).toEqual(
      expect.arrayContaining(["approval_requests", "apr_action_types", "apr_approvals", "apr_request_types"]),
    );
    expect(rows[1].members).toEqual(
      expect.arrayContaining(["collection_registry", "dot_tools", "iu_staging_record", "taxonomy", "ui_pages"]),
    );
    expect(rows.slice(2).map((row) => row.members)).toEqual([
      ["modules", "tasks"],
      ["workflow_steps", "workflows"],
      ["agents"],
    ]);
  });

  test("the rules of the collections that get a topic, and how old their newest labels are", async () => {
    const rows = await db.query(`
      SELECT r.condition ->> 'collection' AS coll, r.label_code,
        ((now() AT TIME ZONE 'UTC')::date - max(e.assigned_at)::date) AS days
      FROM label_rules r LEFT JOIN entity_labels e ON e.rule_id = r.id
      WHERE r.condition ->> 'collection' IN ('agents', 'tasks', 'modules', 'workflows', 'governance_registry', 'iu_staging_record')
      GROUP BY 1, 2 ORDER BY 1, 2`);
    expect(rows.map((row) => [row.coll, row.label_code, row.days])).toEqual([
      ["agents", "LBL-104", 75],
      ["modules", "LBL-101", 66],
      ["tasks", "LBL-102", 65],
      ["workflows", "LBL-103", null],
      ["workflows", "LBL-304", null],
    ]);
  });

  test.each([
    ["an unknown type", "nothing.known", "governance.scan", "batch", "a", "unknown"],
    ["an inactive type", "coverage.scan_completed", "governance.scan", "batch", "a", "inactive"],
    ["another stream", "page.rendered", "content.article", "batch", "a", "stream"],
    ["another lane", "page.rendered", "content.page", "fast", "a", "lane"],
    ["no address", "page.rendered", "content.page", "batch", null, "canonical_address"],
  ])("the outbox rejects %s", async (_, type, stream, lane, address, reason) => {
    const domain = type.startsWith("page") ? "content" : "governance";
    const insert = db.query(
      `INSERT INTO event_outbox (event_domain, event_type, event_stream, delivery_lane, canonical_address) VALUES ($1, $2, $3, $4, $5)`,
      [domain, type, stream, lane, address],
    );
    await expect(insert).rejects.toThrow(reason);
  });

  test("signing adds one approval, twice too, and unsigning takes it back", async () => {
    const before = await catalogAndRows(db.url);
    await db.query(text("sql/baseline/sign.sql"));
    await db.query(text("sql/baseline/sign.sql"));
    expect(await db.value("SELECT count(*)::int FROM os_proposal_approvals")).toBe(1);
    await db.query(text("sql/baseline/unsign.sql"));
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  });

  test("an approval without a status is not accepted", async () => {
    await expect(db.query("INSERT INTO os_proposal_approvals (status) VALUES (NULL)")).rejects.toMatchObject({
      code: "23502",
    });
  });
});

describe("loading by psql", () => {
  let db: TestDatabase;

  beforeEach(async () => {
    db = await database("empty");
  });

  afterEach(() => db.drop());

  test("gives the same structure as sending the files, signed when asked", async () => {
    const sent = await database("signed");
    const { code, stdout } = await db.psql(["-v", "signed=1", "-f", "sql/baseline/load.sql"]);
    expect([code, stdout.trim()]).toEqual([
      0,
      "BASELINE LOADED: 35 governed collections, ownership gap 210, 820 label assignments, 1 human approvals",
    ]);
    const structure = async (of: TestDatabase) =>
      (await catalogAndRows(of.url)).catalog
        .map((line) => line.replace(/ file \d+$/, "").replaceAll(of.name, ""))
        .sort();
    expect(await structure(db)).toEqual(await structure(sent));
    await sent.drop();
  });

  test("takes a scale, at which every figure but the four big tables stays", async () => {
    expect((await db.psql(["-v", "scale=0.004", "-f", "sql/baseline/load.sql"])).code).toBe(0);
    const [sizes] =
      await db.query(`SELECT (SELECT count(*) FROM entity_labels)::int AS labels, (SELECT count(*) FROM birth_registry)::int AS births,
      (SELECT count(*) FROM event_outbox)::int AS events, (SELECT count(*) FROM system_issues)::int AS issues`);
    expect(sizes).toEqual({ labels: 3280, births: 4480, events: 768, issues: 814 });
    for (const [, sql, expected] of FIGURES) expect([sql, await db.value(sql)]).toEqual([sql, expected]);
  });

  test.each([
    ["a database that is not empty", "CREATE TABLE t ()", []],
    ["a scale that is no number", "SELECT 1", ["-v", "scale=much"]],
    ["a scale of nothing", "SELECT 1", ["-v", "scale=0"]],
  ])("refuses %s and leaves nothing", async (_, prepare, args) => {
    await db.query(prepare);
    const before = await catalogAndRows(db.url);
    expect((await db.psql([...args, "-f", "sql/baseline/load.sql"])).code).toBe(3);
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  });
});

test("signing is refused where the table is not the fixture’s", async () => {
  await withDatabase("unsigned", async (db) => {
    await db.query("COMMENT ON TABLE os_proposal_approvals IS NULL");
    expect((await db.psql(["-f", "sql/baseline/sign.sql"])).code).toBe(3);
    expect(await db.value("SELECT count(*)::int FROM os_proposal_approvals")).toBe(0);
  });
});

test("nothing but the signing writes human approvals", () => {
  const writers = ["sql", "provider", "tiers", "policy", "cli", "access"]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => /(insert\s+into|update|copy)\s+("?public"?\.)?"?os_proposal_approvals/i.test(text(file)));
  expect(writers).toEqual(["sql/baseline/sign.sql"]);
});
