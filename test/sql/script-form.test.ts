import { readdirSync, readFileSync } from "node:fs";
import { parse, parsePlPgSQL } from "libpg-query";
import type { NoticeMessage } from "pg-protocol/dist/messages";
import { withDatabase, type State } from "../support/database/database";
import { rollbackFile, RUN_ALL, PER_TIER_ROLLBACK, text, tierFile, TIERS } from "../support/database/files";
import { measuredGates } from "../support/database/refusal";

type Statement = Record<string, { kind?: string; options?: unknown[]; concurrent?: boolean } | undefined>;

const statements = async (file: string): Promise<Statement[]> => parsed(text(file));

async function parsed(sql: string): Promise<Statement[]> {
  const { stmts } = (await parse(sql)) as { stmts: { stmt: Statement }[] };
  return stmts.map(({ stmt }) => stmt);
}

/** The statements that its DO blocks run as they stand there. */
async function inBlocks(file: string): Promise<Statement[]> {
  const queries: string[] = [];
  JSON.stringify(
    await parsePlPgSQL(text(file)),
    (_, node: { sqlstmt?: { PLpgSQL_expr: { query: string } } } | null) => {
      if (node?.sqlstmt) queries.push(node.sqlstmt.PLpgSQL_expr.query);
      return node;
    },
  );
  return (await Promise.all(queries.map(parsed))).flat();
}

/** Relations without a schema that are no common table expression of the same statement. */
function unqualified(list: readonly Statement[]): string[] {
  return list.flatMap((statement) => {
    const [relations, expressions] = [new Set<string>(), new Set<string>()];
    JSON.stringify(statement, (_, node: { relname?: string; schemaname?: string; ctename?: string } | null) => {
      if (node?.relname !== undefined && node.schemaname === undefined && !node.relname.startsWith("pg_"))
        relations.add(node.relname);
      if (node?.ctename !== undefined) expressions.add(node.ctename);
      return node;
    });
    return [...relations].filter((name) => !expressions.has(name));
  });
}

const FILES = [
  ...[0, ...TIERS, 8].map((tier) => [`Tier ${tier}`, tierFile(tier)]),
  ...TIERS.map((tier) => [`the rollback of Tier ${tier}`, rollbackFile(tier)]),
];

/** Statements that PostgreSQL refuses inside a transaction, or that end one; TransactionStmt is judged by its place. */
const OUTSIDE = new Set([
  "VacuumStmt",
  "CreatedbStmt",
  "DropdbStmt",
  "AlterSystemStmt",
  "CreateTableSpaceStmt",
  "DropTableSpaceStmt",
  "ReindexStmt",
  "CreateSubscriptionStmt",
  "DropSubscriptionStmt",
  "DiscardStmt",
  "CallStmt",
  "ClusterStmt",
]);

describe.each(FILES)("%s", (_, file) => {
  test("is pure SQL with one BEGIN first, one COMMIT last and nothing that cannot run in between", async () => {
    const list = await statements(file);
    const transactional = list.map((statement) => statement.TransactionStmt?.kind);
    expect(transactional.at(0)).toBe("TRANS_STMT_BEGIN");
    expect(transactional.at(-1)).toBe("TRANS_STMT_COMMIT");
    expect(transactional.slice(1, -1).filter(Boolean)).toEqual([]);
    const kinds = list.map((statement) => Object.keys(statement)[0]);
    expect(kinds.filter((kind) => OUTSIDE.has(kind))).toEqual([]);
    expect(list.filter((statement) => statement.IndexStmt?.concurrent ?? statement.DropStmt?.concurrent)).toEqual([]);
  });

  test("starts with its ground, ends with one line for people, and drops nothing by CASCADE", async () => {
    const list = await statements(file);
    expect(readFileSync(file, "utf8")).toMatch(
      /^BEGIN.*;\nSET LOCAL one_roof\.step = '.*';\n\\ir \.\.\/common\/ground\.sql$/m,
    );
    expect(Object.keys(list.at(-2)!)).toEqual(["SelectStmt"]);
    expect(list.filter((statement) => "SelectStmt" in statement)).toHaveLength(1);
    expect(text(file)).not.toMatch(/\bCASCADE\s*[;,]/i);
  });

  test("does nothing before its first gates and behind its last: psql measures in between", async () => {
    const parts = readFileSync(file, "utf8").split(/^\\ir .*_gates\.sql$/m);
    const { stmts } = (await parse(parts[0].replaceAll(/^\\ir .*$/gm, ""))) as { stmts: { stmt: Statement }[] };
    const kinds = new Set(stmts.map(({ stmt }) => Object.keys(stmt)[0]));
    expect([...kinds]).toEqual(["TransactionStmt", "VariableSetStmt"]);
    expect(parts.at(-1)).toMatch(/^\n\n(\\ir \.\.\/common\/closing\.sql|SELECT '[^']*' AS passed;)\nCOMMIT;\n$/);
  });

  test("writes every relation with its schema, so that no other can take its place", async () => {
    expect(unqualified([...(await statements(file)), ...(await inBlocks(file))])).toEqual([]);
  });

  test("writes neither system_issues nor the outbox nor the approvals", () => {
    expect(text(file)).not.toMatch(
      /(INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE|ALTER\s+TABLE|LOCK\s+TABLE)\s+(public\.)?(system_issues|event_outbox|os_proposal_approvals|approval_requests|label_rules|entity_labels)\b/i,
    );
  });
});

test.each([0, 8])("Tier %i cannot write at all", async (tier) => {
  const [begin] = await statements(tierFile(tier));
  expect(JSON.stringify(begin)).toContain("transaction_read_only");
});

test("every SQL file of tiers and rollbacks is one of these, or chains them", () => {
  const known = [...FILES.map(([, file]) => file), RUN_ALL, PER_TIER_ROLLBACK];
  const present = ["sql/prod", "sql/prod_rollback"].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".sql"))
      .map((name) => `${folder}/${name}`),
  );
  expect(present.filter((name) => !known.some((file) => file.endsWith(name)))).toEqual([]);
  expect(present).toHaveLength(known.length);
});

/** The contract of gates: what each file measures, in this order. */
const ALWAYS = ["entry database", "entry ospa >= 1", "entry ospa_valid = approved"];
const GATES: Record<number, string[]> = {
  0: [
    "entry database",
    "entry server_version >= 150000",
    "entry ospa >= 1",
    "entry ospa_valid = approved",
    "entry ratified_request = approved",
    "entry prerequisite_views = 5",
    "entry axis_objects = 0",
    "entry ownership_gap = 210",
    "entry ownership_rows = 0",
    "entry ownership_conflict = 0",
    "entry governance_outbox = 0",
    "entry active_event_types = 0",
    "entry idle_in_the_way_over_5s = 0",
    "entry server_writable = yes",
    "entry missing_rights = none",
    "entry columns_missing = none",
    "entry agencies_missing = none",
    "entry mapped_labels_inactive = 0",
    "entry rule_labels_unknown = none",
    "entry orphan_labels = 0",
  ],
  1: [
    ...ALWAYS,
    "entry prerequisite_views = 5",
    "entry axis_objects in 0,43",
    "entry structure in not there,as defined",
    "exit axis_objects = 43",
    "exit structure_rows = 0",
    "exit structure = as defined",
    "exit foreign_privileges = none",
    "exit row_deltas = as declared",
  ],
  2: [
    ...ALWAYS,
    "entry axis_objects = 43",
    "entry structure = as defined",
    "entry foreign_privileges = none",
    "entry others_rows = none",
    "exit responsibility_required = 210",
    "exit responsibility_gap_drift = 0",
    "exit rows_differing = none",
    "exit row_deltas = as declared",
  ],
  3: [
    ...ALWAYS,
    "entry ratified_request = approved",
    "entry responsibility_required = 210",
    "entry ownership_gap = 210",
    "entry ownership_rows = 0",
    "entry ownership_conflict = 0",
    "exit ownership_seeded = 30",
    "exit ownership_gap = 0",
    "exit ownership_conflict = 0",
    "exit owners = as ratified",
    "exit row_deltas = as declared",
  ],
  4: [
    ...ALWAYS,
    "entry ownership_seeded = 30",
    "entry group_owners_ambiguous = none",
    "entry others_rows = none",
    "exit containment_required = 35",
    "exit containment_gap = 0",
    "exit containment_unregistered_groups = 0",
    "exit containment_without_group = 0",
    "exit rows_differing = none",
    "exit row_deltas = as declared",
  ],
  5: [
    ...ALWAYS,
    "entry containment_required = 35",
    "entry mapped_labels_inactive = 0",
    "entry rule_labels_unknown = none",
    "entry group_owners_ambiguous = none",
    "entry others_rows = none",
    "exit divergent = 0",
    "exit projection_gap = 0",
    "exit kg_domain_x = active",
    "exit rows_differing = none",
    "exit row_deltas = as declared",
  ],
  6: [
    ...ALWAYS,
    "entry active_axes = 3",
    "exit critical_drift = 0",
    "exit emittable = 0",
    "exit governance_outbox = 0",
    "exit active_event_types = 0",
    "exit row_deltas = as declared",
  ],
  8: [
    "exit database",
    "exit ospa >= 1",
    "exit ownership_gap = 0",
    "exit ownership_conflict = 0",
    "exit responsibility_required = 210",
    "exit responsibility_axis_gap = 0",
    "exit containment_required = 35",
    "exit containment_gap = 0",
    "exit active_axes = 3",
    "exit divergent = 0",
    "exit projection_gap = 0",
    "exit label_orphans = 0",
    "exit critical_drift = 0",
    "exit emittable = 0",
    "exit governance_outbox = 0",
    "exit active_event_types = 0",
    "exit kg_domain_x = active",
    "exit structure = as defined",
    "exit foreign_privileges = none",
    "exit idle_in_the_way_over_5s = 0",
  ],
};

test.each([0, ...TIERS, 8])(
  "Tier %i measures every gate of its contract and says each, with what was expected",
  async (tier) => {
    const state = tier <= 1 ? "signed" : tier === 8 ? "tier-6" : (`tier-${tier - 1}` as State);
    await withDatabase(state, async (db) => {
      const { code, stderr } = await db.file(tierFile(tier));
      expect(code).toBe(0);
      const measured = measuredGates(stderr).map((gate) => gate.replace(` = ${db.name}`, ""));
      expect(measured).toEqual(GATES[tier]);
    });
  },
);

test("a gate reaches a client as data: its section, name, demand and measurement in fields of the notice", async () => {
  await withDatabase("unsigned", async (db) => {
    const client = await db.connect();
    const notices: NoticeMessage[] = [];
    client.on("notice", (notice) => notices.push(notice));
    const error: unknown = await client.query(text(tierFile(0))).catch((thrown: unknown) => thrown);
    expect(notices.find((notice) => notice.constraint === "ownership_gap")).toMatchObject({
      code: "OR000",
      schema: "one_roof",
      table: "entry",
      column: "= 210",
      dataType: "210",
    });
    expect(error).toMatchObject({
      code: "OR001",
      schema: "one_roof",
      table: "entry",
      constraint: "ospa,ospa_valid,ratified_request",
      detail:
        "ospa: want >= 1, have 0\nospa_valid: want = approved, have no approval\nratified_request: want = approved, have NULL",
      hint: expect.stringContaining("Nothing was changed"),
    });
  });
});
