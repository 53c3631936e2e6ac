import { database, type TestDatabase } from "../support/database/database";

const UNIQUE = "23505";
const FOREIGN_KEY = "23503";
const CHECK = "23514";
const NOT_NULL = "23502";

const STORE = (row: string) =>
  `INSERT INTO governance_object_ownership (object_type, object_ref, scope, owner_kind, owner_gov_code, lifecycle_status) VALUES (${row})`;
const OWNER = (row: string) =>
  `INSERT INTO axis_object_ownership (object_type, object_ref, axis_code, value_code, owner_gov_code, owner_kind) VALUES (${row})`;
const ASSIGN = (row: string) =>
  `INSERT INTO axis_assignment (object_type, object_ref, axis_code, value_code, zone, provenance, assigned_kind) VALUES (${row})`;
const VALUE = (row: string) =>
  `INSERT INTO axis_value (axis_code, value_code, parent_value_code, status) VALUES (${row})`;
const RULE = (row: string) =>
  `INSERT INTO coverage_rule (rule_code, axis_code, applies_to, coverage_mode, required_owner_kind, status) VALUES (${row})`;
const AXIS = (row: string) =>
  `INSERT INTO axis_registry (axis_code, axis_name, axis_family, axis_kind, status, lifecycle_status) VALUES (${row})`;

/** Each statement, what the model must say, and the constraint where its name is binding. */
const REJECTED: [what: string, sql: string, code: string, constraint?: string][] = [
  [
    "a second accountable owner in the store",
    STORE(`'group', 'GRP-AI', 'audit', 'accountable', 'GOV-MOT', 'active'`),
    UNIQUE,
    "uq_gov_obj_accountable",
  ],
  [
    "an unknown agency in the store",
    STORE(`'group', 'x', 'audit', 'accountable', 'GOV-NOBODY', 'active'`),
    FOREIGN_KEY,
  ],
  ["an unknown scope", STORE(`'group', 'x', 'colour', 'accountable', 'GOV-DOT', 'active'`), FOREIGN_KEY],
  ["a bad owner_kind in the store", STORE(`'group', 'x', 'audit', 'boss', 'GOV-DOT', 'active'`), CHECK],
  ["a bad lifecycle in the store", STORE(`'group', 'x', 'audit', 'accountable', 'GOV-DOT', 'asleep'`), CHECK],
  [
    "a delegated owner without an end",
    STORE(`'group', 'x', 'audit', 'delegated', 'GOV-DOT', 'active'`),
    CHECK,
    "chk_delegated_ttl",
  ],
  [
    "a second accountable owner of a cell",
    OWNER(`'collection', 'agents', 'containment', 'GRP-AI', 'GOV-MOT', 'accountable'`),
    UNIQUE,
  ],
  [
    "an unknown agency on an axis",
    OWNER(`'collection', 'x', 'containment', 'GRP-AI', 'GOV-NOBODY', 'accountable'`),
    FOREIGN_KEY,
  ],
  [
    "an owner on an unknown axis",
    OWNER(`'collection', 'x', 'colour', 'GRP-AI', 'GOV-DOT', 'accountable'`),
    FOREIGN_KEY,
  ],
  [
    "an owner in an unknown group",
    OWNER(`'collection', 'x', 'containment', 'GRP-NONE', 'GOV-DOT', 'accountable'`),
    FOREIGN_KEY,
  ],
  ["a bad owner_kind on an axis", OWNER(`'collection', 'x', 'containment', 'GRP-AI', 'GOV-DOT', 'boss'`), CHECK],
  [
    "an assignment on an unknown axis",
    ASSIGN(`'collection', 'x', 'colour', 'red', 'approved', '{}', 'rule'`),
    FOREIGN_KEY,
  ],
  [
    "an assignment to an unknown group",
    ASSIGN(`'collection', 'x', 'containment', 'GRP-NONE', 'approved', '{}', 'rule'`),
    FOREIGN_KEY,
  ],
  ["a bad zone", ASSIGN(`'collection', 'x', 'containment', 'GRP-AI', 'limbo', '{}', 'rule'`), CHECK],
  ["a bad assigned_kind", ASSIGN(`'collection', 'x', 'containment', 'GRP-AI', 'approved', '{}', 'oracle'`), CHECK],
  [
    "an approved assignment without provenance",
    ASSIGN(`'collection', 'x', 'containment', 'GRP-AI', 'approved', NULL, 'rule'`),
    CHECK,
    "chk_provenance_or_quarantine",
  ],
  [
    "a candidate without provenance",
    ASSIGN(`'collection', 'x', 'topic', 'ai-ops', 'candidate', NULL, 'rule'`),
    CHECK,
    "chk_provenance_or_quarantine",
  ],
  [
    "the same active assignment twice",
    ASSIGN(`'collection', 'agents', 'containment', 'GRP-AI', 'approved', '{}', 'rule'`),
    UNIQUE,
  ],
  ["an assignment without its time", `UPDATE axis_assignment SET assigned_at = NULL`, NOT_NULL],
  ["a child of a missing parent", VALUE(`'topic', 'new', 'nowhere', 'active'`), FOREIGN_KEY],
  ["a child of a parent on another axis", VALUE(`'topic', 'new', 'GRP-AI', 'active'`), FOREIGN_KEY],
  ["a value of an unknown axis", VALUE(`'colour', 'red', NULL, 'active'`), FOREIGN_KEY],
  ["a value twice", VALUE(`'topic', 'governance', NULL, 'active'`), UNIQUE],
  ["a bad family", AXIS(`'x', 'X', 'spiral', 'system', 'active', 'active'`), CHECK],
  ["a bad kind", AXIS(`'x', 'X', 'system', 'magic', 'active', 'active'`), CHECK],
  ["a bad status of an axis", AXIS(`'x', 'X', 'system', 'system', 'asleep', 'active'`), CHECK],
  ["a bad lifecycle of an axis", AXIS(`'x', 'X', 'system', 'system', 'active', 'asleep'`), CHECK],
  ["an axis twice", AXIS(`'topic', 'T', 'label', 'uncertain', 'active', 'active'`), UNIQUE],
  [
    "a rule on an unknown axis",
    RULE(`'R', 'colour', 'collection', 'per_assignment', 'accountable', 'active'`),
    FOREIGN_KEY,
  ],
  ["a bad coverage mode", RULE(`'R', 'topic', 'law', 'by_mood', 'accountable', 'active'`), CHECK],
  [
    "a second active rule for the same objects",
    RULE(`'R', 'topic', 'collection', 'per_assignment', 'accountable', 'active'`),
    UNIQUE,
  ],
  [
    "a bad finding type",
    `INSERT INTO axis_candidate_finding (finding_type, object_type, object_ref, axis_code, value_code, severity) VALUES ('rumour', 'c', 'x', 'topic', '∅', 'info')`,
    CHECK,
  ],
  [
    "a finding twice",
    `INSERT INTO axis_candidate_finding (finding_type, object_type, object_ref, axis_code, value_code, severity) SELECT finding_type, object_type, object_ref, axis_code, value_code, severity FROM axis_candidate_finding`,
    UNIQUE,
  ],
  ["a bad drift status", `UPDATE governance_drift_state SET status = 'forgotten'`, CHECK],
  [
    "a drift finding twice",
    `INSERT INTO governance_drift_state (detector_code, severity, object_type, object_ref, axis_code, value_code) SELECT detector_code, severity, object_type, object_ref, axis_code, value_code FROM governance_drift_state`,
    UNIQUE,
  ],
  ["an unknown kind of decision", `UPDATE topic_label_reconcile_decision SET decision_kind = 'accept_anything'`, CHECK],
  [
    "a decision twice",
    `INSERT INTO topic_label_reconcile_decision (coll, topic_value, decision_kind, rationale, decided_by) VALUES ('agents', 'ai-ops', 'accept_quarantine_hold', 'r', 'x')`,
    UNIQUE,
  ],
  ["removing a value that assignments use", `DELETE FROM axis_value WHERE value_code = 'GRP-AI'`, FOREIGN_KEY],
  ["removing an agency that owns", `DELETE FROM governance_registry WHERE code = 'GOV-COUNCIL'`, FOREIGN_KEY],
];

describe("the model rejects", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("tier-6");
  });

  afterAll(() => db.drop());

  // Rows of different length: a missing last argument would be taken for jest's own callback.
  test.each(REJECTED.map(([what, ...rest]) => [what, rest] as const))("%s", async (_, [sql, code, constraint]) => {
    const rejection: unknown = await db.query(sql).catch((error: unknown) => error);
    expect(rejection).toMatchObject(constraint ? { code, constraint } : { code });
  });
});

describe("the model accepts", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("tier-6");
  });

  afterAll(() => db.drop());

  test.each([
    [
      "a delegated owner with an end",
      `INSERT INTO governance_object_ownership (object_type, object_ref, scope, owner_kind, owner_gov_code, effective_to) VALUES ('group', 'GRP-AI', 'audit', 'delegated', 'GOV-MOT', now())`,
    ],
    ["any object type in the store", STORE(`'planet', 'x', 'audit', 'accountable', 'GOV-DOT', 'active'`)],
    [
      "a quarantined assignment without provenance",
      ASSIGN(`'collection', 'x', 'topic', 'ai-ops', 'quarantine', NULL, 'rule'`),
    ],
    [
      "an accountable owner after the first was revoked",
      `WITH revoked AS (UPDATE axis_object_ownership SET status = 'revoked' WHERE object_ref = 'tasks' AND axis_code = 'containment') SELECT 1`,
    ],
    ["its successor", OWNER(`'collection', 'tasks', 'containment', 'GRP-BUSINESS', 'GOV-MOT', 'accountable'`)],
    [
      "a second value on the same axis",
      ASSIGN(`'collection', 'tasks', 'topic', 'observability', 'candidate', '{}', 'agent'`),
    ],
    ["a rule for other objects", RULE(`'R', 'topic', 'law', 'per_assignment', 'accountable', 'active'`)],
    [
      "a second rule that is not active",
      RULE(`'R2', 'topic', 'collection', 'per_assignment', 'accountable', 'deprecated'`),
    ],
  ])("%s", async (_, sql) => {
    await expect(db.query(sql)).resolves.toBeDefined();
  });
});
