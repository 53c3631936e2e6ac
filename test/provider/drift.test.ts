import { describeStop } from "../../provider/model/describe";
import { messageOf } from "../../provider/model/errors";
import { findDrift } from "../../provider/ledger/drift";
import { catalogAndRows, differences } from "../support/database/compare";
import type { TestDatabase } from "../support/database/database";
import { ONE_MORE } from "../support/faults/faults";
import { type Applied, applied } from "../support/pulumi/applied";
import { heard, type Program } from "../support/pulumi/program";
import { lasting, sampleOf } from "../support/samples";

let db: TestDatabase;
let rolled: Program;
let state: Applied["state"];
let lookAt: Applied["lookAt"];

beforeAll(async () => {
  ({ db, rolled, state, lookAt } = await applied());
});

/** The drift of a tier once `sql` has run. */
const driftOf = (tier: number, sql: string) => lookAt(tier, sql, findDrift);

test("nothing has drifted right after it was applied", async () => {
  const { tiers, run } = await rolled.plan();
  expect(tiers.flatMap(({ drift }) => drift)).toEqual([]);
  expect(run).toMatchObject({ verdict: "PASS", applies: [] });
});

describe("seed rows", () => {
  test.each([
    [
      "a changed row, with its old and its new value",
      3,
      "UPDATE governance_object_ownership SET owner_gov_code = 'GOV-MOT' WHERE object_ref = 'GRP-AI' AND scope = 'policy'",
      [
        /^1 of 30 governance_object_ownership rows changed: row object_type=\S+ object_ref=GRP-AI scope=policy: owner_gov_code was GOV-\w+, is GOV-MOT$/,
      ],
    ],
    [
      "a missing row",
      4,
      "DELETE FROM axis_object_ownership WHERE axis_code = 'containment' AND object_ref = 'tasks'",
      [/^1 of 35 axis_object_ownership rows changed: row .*object_ref=tasks.* is missing$/],
    ],
    [
      "a row that was added under the tier's own tag",
      4,
      `INSERT INTO axis_value (axis_code, value_code, status, provenance, tag)
       VALUES ('containment', 'GRP-EXTRA', 'active', '{}', 'PROD_containment_2026-06-03')`,
      [/^1 of 5 axis_value rows changed: row .*value_code=GRP-EXTRA was added$/],
    ],
    [
      "several rows in several tables, each told",
      5,
      `UPDATE axis_value SET status = 'candidate' WHERE value_code = 'kg-domain-x';
       UPDATE coverage_rule SET status = 'retired' WHERE tag = 'PROD_topic_2026-06-03'`,
      [
        /^1 of 9 axis_value rows changed: row .*kg-domain-x.*status was active, is candidate/,
        /^1 of 1 coverage_rule rows changed: row .*status was active, is retired/,
      ],
    ],
    [
      "a row whose tag was taken away",
      2,
      "UPDATE coverage_rule SET rule_code = 'CR-OTHER' WHERE rule_code = 'CR-RESP-ALL'",
      [/^1 of 1 coverage_rule rows changed: row axis_code=responsibility applies_to=collection is missing$/],
    ],
  ])("%s is told", async (_, tier, sql, lines) => {
    expect(await driftOf(tier, sql)).toEqual(lines.map((line) => expect.stringMatching(line)));
  });

  test("with a column more or less are told by the column", async () => {
    const sql = "ALTER TABLE coverage_rule ADD COLUMN remark text; ALTER TABLE coverage_rule DROP COLUMN tag CASCADE";
    expect(await driftOf(2, sql)).toEqual([
      expect.stringMatching(
        /tag was PROD_responsibility_2026-06-03, is not a column; remark was not a column, is null$/,
      ),
    ]);
  });

  test("of a table of the application are not told for a column that it adds, but for what they held", async () => {
    const grows = "ALTER TABLE governance_object_ownership ADD COLUMN remark text DEFAULT 'none'";
    expect(await driftOf(3, grows)).toEqual([]);
    const row = "id = (SELECT min(id) FROM governance_object_ownership WHERE created_by LIKE 'PROD%')";
    const moves = `${grows}; UPDATE governance_object_ownership SET audit_ref = 'moved' WHERE ${row}`;
    expect(await driftOf(3, moves)).toEqual([
      expect.stringMatching(/^1 of 30 governance_object_ownership rows changed: row .*audit_ref was .*, is moved$/),
    ]);
  });

  test("of another tier, or of the application, are none of a tier's business", async () => {
    const sql = "UPDATE axis_value SET status = 'candidate' WHERE value_code = 'kg-domain-x'";
    for (const tier of [1, 2, 3, 4, 6]) expect(await driftOf(tier, sql)).toEqual([]);
  });
});

describe("objects", () => {
  test.each([
    [
      "an index that is gone",
      "DROP INDEX uq_axis_object_ownership_accountable",
      /index uq_axis_object_ownership_accountable is missing/,
    ],
    [
      "a column that was added",
      "ALTER TABLE axis_candidate_finding ADD COLUMN remark text",
      /^table public\.axis_candidate_finding: column remark was added: \d+ text$/,
    ],
    [
      "a new default",
      "ALTER TABLE axis_value ALTER COLUMN status SET DEFAULT 'x'",
      /^table public\.axis_value: column status was .*, is .*default 'x'/,
    ],
    ["a grant to everyone", "GRANT SELECT ON v_ui_lane TO PUBLIC", /^view public\.v_ui_lane: grants /],
    [
      "a comment",
      "COMMENT ON VIEW v_ui_lane IS 'Lanes.'",
      /^view public\.v_ui_lane: comment was One row per lane .*, is Lanes\.$/,
    ],
    ["a view that is gone", "DROP VIEW v_ui_lane", /^view public\.v_ui_lane is missing$/],
    [
      "a view's text, as the lines that changed",
      "CREATE OR REPLACE VIEW v_ui_lane AS SELECT lane, 7 AS assignments FROM v_ui_object_topic GROUP BY lane",
      /^view public\.v_ui_lane: definition changed:\n--- recorded\n\+\+\+ now\n@@ .*\n[\s\S]*^-.*count\(\*\)[\s\S]*^\+.*7 AS assignments/m,
    ],
    [
      "a function's body",
      `CREATE OR REPLACE FUNCTION fn_governance_scan(actor text, mode text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'`,
      /^function public\.fn_governance_scan\(actor text, mode text\): definition changed:/,
    ],
    [
      "a trigger of somebody else",
      "CREATE TRIGGER t AFTER INSERT ON axis_value EXECUTE FUNCTION suppress_redundant_updates_trigger()",
      /^table public\.axis_value: trigger t was added/,
    ],
  ])("%s is told on Tier 1 alone", async (_, sql, line) => {
    expect(await driftOf(1, sql)).toEqual([expect.stringMatching(line)]);
    expect(await driftOf(2, sql)).toEqual([]);
  });
});

test("an organic growth of the application, further scans and rows of others are no drift", async () => {
  const before = await catalogAndRows(db.url);
  await db.query("BEGIN");
  await db.query(`${ONE_MORE};
    INSERT INTO approval_requests (code, title, request_type, action_type, status, requested_by)
      SELECT 'APR-0999', title, request_type, action_type, 'pending', requested_by FROM approval_requests LIMIT 1;
    INSERT INTO axis_value (axis_code, value_code, status, provenance, tag) VALUES ('topic', 'of-others', 'candidate', '{}', 'by hand')`);
  await db.query("SELECT fn_governance_scan('somebody', 'manual')");
  await db.query("UPDATE governance_drift_state SET severity = 'info'");
  await db.query("COMMIT");
  expect(differences(before, await catalogAndRows(db.url))).not.toEqual([]);

  const { tiers, run } = await rolled.plan();
  expect(tiers.map(({ drift }) => drift)).toEqual(tiers.map(() => []));
  expect(run.verdict).toBe("PASS");
});

describe("a run over a tier that has drifted", () => {
  let line = "";

  beforeAll(async () => {
    await db.query("DELETE FROM axis_value WHERE tag = 'by hand'");
    await db.query(
      "UPDATE governance_object_ownership SET owner_gov_code = 'GOV-MOT' WHERE object_ref = 'GRP-AI' AND scope = 'audit'",
    );
    [line] = await rolled.plan().then(({ tiers }) => tiers.flatMap(({ drift }) => drift));
  });

  test("stops, names the two ways out, and goes on when exactly this drift is accepted", async () => {
    const { run } = await rolled.plan();
    expect(run.verdict).toBe("STOP");
    const [stop] = run.stops;
    expect(stop).toMatchObject({ kind: "drift" });
    const text = describeStop(stop);
    expect(text).toContain(line);
    expect(text).toMatch(/throughTier 2.*ROLLOUT_ACCEPT=[0-9a-f]{16}/s);
    expect(sampleOf("drift-accepted")).toContain(lasting([`warning: tier 3 has drifted: ${line}`]));
    const refused = await rolled.plan(2).then(() => "nothing", messageOf);
    expect(sampleOf("drift-back")).toContain(lasting(`error: ${refused}`.split("\n")));

    process.env.ROLLOUT_ACCEPT = /ROLLOUT_ACCEPT=(\w+)/.exec(text)![1];
    try {
      expect((await rolled.plan()).run.verdict).toBe("PASS");
      await db.query(
        "UPDATE governance_object_ownership SET owner_gov_code = 'GOV-MOW' WHERE object_ref = 'GRP-AI' AND scope = 'policy'",
      );
      expect((await rolled.plan()).run.verdict).toBe("STOP");
    } finally {
      delete process.env.ROLLOUT_ACCEPT;
    }
  });

  test("is told by read, which repairs nothing and forgets nothing", async () => {
    const before = await catalogAndRows(db.url);
    heard(rolled);

    expect(await rolled.read(state(3))).toEqual({ id: "", props: state(3) });
    expect(heard(rolled)).toMatch(
      /^Tier 3 \(Ownership seed\) has drifted: 2 of 30 governance_object_ownership rows changed/,
    );
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  });
});
