import { database, type TestDatabase } from "../support/database/database";
import { FUNCTION, TABLES, UI_VIEWS, VIEWS } from "../support/database/objects";

/** The columns that the domain names, by table. More are allowed, fewer are not. */
const COLUMNS: Record<string, string> = {
  axis_registry:
    "axis_code axis_name axis_family axis_kind value_domain owner_scope_ref status lifecycle_status created_at created_by",
  axis_value: "axis_code value_code parent_value_code status provenance created_at tag",
  axis_assignment:
    "object_type object_ref axis_code value_code zone match_score confidence provenance evidence assigned_kind " +
    "assigned_at valid_from valid_to revision superseded_by status tag",
  coverage_rule:
    "rule_code axis_code applies_to coverage_mode confidence_threshold staleness_days required_owner_kind status tag",
  axis_object_ownership:
    "object_type object_ref axis_code value_code owner_gov_code owner_kind status approval_ref tag",
  axis_candidate_finding: "finding_type object_type object_ref axis_code value_code severity scan_count last_seen",
  topic_taxonomy_map: "topic_value label_code map_kind tag",
  topic_label_reconcile_decision: "coll topic_value decision_kind rationale decided_by decided_at tag",
  governance_scan_run: "scan_id actor mode summary",
  governance_drift_state:
    "detector_code severity object_type object_ref axis_code value_code status first_seen last_seen scan_count",
  governance_event_log: "payload emitted blocked_reason",
};

/** By what rows are known, where the domain says it: the primary key, or a key beside it. */
const KEYS: Record<string, string> = {
  axis_registry: "axis_code",
  axis_value: "axis_code, value_code",
  coverage_rule: "rule_code",
  axis_candidate_finding: "finding_type, object_type, object_ref, axis_code, value_code",
  topic_taxonomy_map: "topic_value, label_code",
  topic_label_reconcile_decision: "coll, topic_value",
};

const PUBLIC = "relnamespace = 'public'::regnamespace";

let bare: TestDatabase;
let built: TestDatabase;

beforeAll(async () => {
  bare = await database("signed");
  built = await database("tier-1");
});

afterAll(async () => {
  await bare.drop();
  await built.drop();
});

test("Tier 1 adds exactly the 11 tables, 31 views and 1 function", async () => {
  const objects = `
    SELECT relname || ' ' || relkind::text AS name FROM pg_class WHERE ${PUBLIC} AND relkind NOT IN ('i', 'S', 't')
    UNION ALL SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_(temp|toast)'`;
  const before = new Set((await bare.query(objects)).map((row) => row.name));
  const added = (await built.query(objects)).map((row) => row.name).filter((name) => !before.has(name));
  expect(added.sort()).toEqual(
    [...TABLES.map((name) => `${name} r`), ...VIEWS.map((name) => `${name} v`), `${FUNCTION}(text,text)`].sort(),
  );
  expect([TABLES.length, VIEWS.length]).toEqual([11, 31]);
});

describe.each(TABLES)("table %s", (table) => {
  test("has the columns that the domain names", async () => {
    const rows = await built.query(
      `SELECT attname FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped`,
    );
    expect(rows.map((row) => row.attname)).toEqual(expect.arrayContaining(COLUMNS[table].split(" ")));
  });

  test("has a primary key of one column, which Directus can name, and the key by which the domain knows a row", async () => {
    const keys = await built.query<{ type: string; columns: string; nullable: boolean }>(`
      SELECT contype::text AS type, string_agg(attname, ', ' ORDER BY array_position(conkey, attnum)) AS columns, bool_or(NOT attnotnull) AS nullable
      FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
      WHERE conrelid = '${table}'::regclass AND contype IN ('p', 'u') GROUP BY pg_constraint.oid`);
    expect(keys.filter(({ type }) => type === "p").map(({ columns }) => columns)).toEqual([
      expect.stringMatching(/^\w+$/),
    ]);
    const known = { columns: KEYS[table] ?? expect.any(String), nullable: false };
    expect(keys).toContainEqual({ type: expect.any(String), ...known });
  });

  test("has a comment and no row", async () => {
    const [row] = await built.query(`
      SELECT obj_description('${table}'::regclass) AS comment, (SELECT count(*)::int FROM ${table}) AS rows`);
    expect(row.comment).toMatch(/\w{3,}/);
    expect(row.rows).toBe(0);
  });
});

describe.each(VIEWS)("view %s", (view) => {
  test("returns no row before there is an axis, and says what a row means", async () => {
    const [row] = await built.query(`
      SELECT (SELECT count(*)::int FROM ${view}) AS rows, obj_description('${view}'::regclass) AS comment`);
    expect(row.rows).toBe(0);
    expect(row.comment).toMatch(/^One row/);
  });
});

test("the UI views carry only types that REST hands on as they are", async () => {
  const rows = await built.query(
    `
    SELECT relname || '.' || attname || ' ' || format_type(atttypid, NULL) AS text
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE ${PUBLIC} AND relname = ANY ($1) AND attnum > 0
      AND atttypid NOT IN ('text'::regtype, 'integer'::regtype, 'jsonb'::regtype, 'double precision'::regtype,
        'boolean'::regtype, 'timestamptz'::regtype)`,
    [UI_VIEWS],
  );
  expect(rows).toEqual([]);
});

test.each([
  ["axis_registry", "status", "'candidate'::text"],
  ["axis_registry", "lifecycle_status", "'register'::text"],
  ["axis_assignment", "status", "'active'::text"],
  ["governance_event_log", "emitted", "false"],
])("the default of %s.%s", async (table, column, expected) => {
  const sql = `SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
    WHERE adrelid = '${table}'::regclass AND attname = '${column}'`;
  expect(await built.value(sql)).toBe(expected);
});

test("the types that the domain fixes", async () => {
  const rows = await built.query(`
    SELECT attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, NULL) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END AS text
    FROM pg_attribute
    WHERE (attrelid::regclass::text, attname) IN (('axis_assignment', 'assigned_at'), ('axis_assignment', 'provenance'),
      ('axis_assignment', 'evidence'), ('axis_value', 'provenance'), ('governance_scan_run', 'summary'),
      ('governance_event_log', 'emitted'))
    ORDER BY 1`);
  expect(
    rows.map((row) => String(row.text).replace(/(provenance|summary|evidence|emitted) (\w+) NOT NULL/, "$1 $2")),
  ).toEqual([
    "axis_assignment.assigned_at timestamp with time zone NOT NULL",
    "axis_assignment.evidence jsonb",
    "axis_assignment.provenance jsonb",
    "axis_value.provenance jsonb",
    "governance_event_log.emitted boolean",
    "governance_scan_run.summary jsonb",
  ]);
});

test("the only foreign key into the application is that of owners to agencies", async () => {
  const rows = await built.query(
    `
    SELECT conrelid::regclass::text AS from, confrelid::regclass::text AS to, pg_get_constraintdef(oid) AS text
    FROM pg_constraint
    WHERE contype = 'f' AND conrelid::regclass::text = ANY ($1) AND NOT confrelid::regclass::text = ANY ($1)`,
    [TABLES],
  );
  expect(rows).toEqual([
    {
      from: "axis_object_ownership",
      to: "governance_registry",
      text: "FOREIGN KEY (owner_gov_code) REFERENCES governance_registry(code)",
    },
  ]);
});

test("no constraint of ours is deferrable, and no table has a trigger of its own", async () => {
  const sql = `SELECT conname AS name FROM pg_constraint WHERE conrelid::regclass::text = ANY ($1) AND condeferrable
    UNION ALL SELECT tgname FROM pg_trigger WHERE tgrelid::regclass::text = ANY ($1) AND NOT tgisinternal`;
  expect(await built.query(sql, [TABLES])).toEqual([]);
});

test("the identity of a finding includes its axis, empty ones counting as ∅", async () => {
  const rows = await built.query(`
    SELECT pg_get_indexdef(indexrelid) AS text FROM pg_index
    WHERE indrelid = 'governance_drift_state'::regclass AND indisunique AND NOT indisprimary`);
  expect(rows.map((row) => row.text)).toEqual([
    expect.stringMatching(
      /\(detector_code, COALESCE\(axis_code, '∅'::text\), object_type, object_ref, COALESCE\(value_code, '∅'::text\)\)$/,
    ),
  ]);
});

test("the function reads and writes in public, whatever the caller’s search_path is, and with the caller’s rights", async () => {
  const [row] = await built.query(`
    SELECT prosecdef, proconfig, pg_get_function_result(oid) AS result, pg_get_function_arguments(oid) AS arguments
    FROM pg_proc WHERE proname = '${FUNCTION}'`);
  expect(row).toEqual({
    prosecdef: false,
    proconfig: ["search_path=pg_catalog, pg_temp"],
    result: "bigint",
    arguments: "actor text, mode text",
  });
});

test("Tier 1 alters nothing of the application", async () => {
  const application = `
    SELECT c.relname || ' ' || c.relfilenode || ' ' || coalesce(c.relacl::text, '') || ' ' || coalesce(string_agg(a.attname || a.atttypid, ',' ORDER BY attnum), '') AS text
    FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0
    WHERE ${PUBLIC} AND c.oid = ANY (SELECT oid FROM pg_class WHERE ${PUBLIC} AND relname = ANY ($1)) GROUP BY c.oid ORDER BY 1`;
  const names = (await bare.query(`SELECT relname FROM pg_class WHERE ${PUBLIC}`)).map((row) => row.relname);
  expect(await built.query(application, [names])).toEqual(await bare.query(application, [names]));
});
