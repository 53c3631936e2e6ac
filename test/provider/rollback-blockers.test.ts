import { readFileSync } from "node:fs";
import path from "node:path";
import { messageOf } from "../../provider/model/errors";
import { acceptance, isAccepted } from "../../provider/ledger/acceptance";
import {
  findRollbackBlockers,
  requireNoBlockers,
  type RollbackBlockers,
} from "../../provider/ledger/rollback-blockers";
import { tierOf } from "../../provider/model/rollout";
import { rollout } from "../../tiers";
import { catalogAndRows, differences } from "../support/database/compare";
import type { TestDatabase } from "../support/database/database";
import { type Applied, applied } from "../support/pulumi/applied";
import { heard, type Program } from "../support/pulumi/program";

let db: TestDatabase;
let rolled: Program;
let state: Applied["state"];
let lookAt: Applied["lookAt"];

beforeAll(async () => {
  ({ db, rolled, state, lookAt } = await applied());
});

afterEach(() => {
  delete process.env.ROLLOUT_ACCEPT;
});

/** What would block the rollback of a tier once `sql` has run. */
function blockersOf(tier: number, sql: string): Promise<RollbackBlockers> {
  return lookAt(tier, sql, (session, declaration, recorded, snapshot) =>
    findRollbackBlockers({ session, release: { rollout } }, declaration, { declaration, recorded }, snapshot),
  );
}

test("nothing blocks the rollback of what was applied, nor of what scans have added since", async () => {
  for (const tier of [1, 2, 3, 4, 5, 6]) {
    const found = await blockersOf(tier, "SELECT fn_governance_scan('somebody', 'manual')");
    expect(found).toEqual({ dataLoss: [], dependents: [] });
  }
});

describe("what would be lost", () => {
  test.each([
    [
      "a seed row that was edited",
      3,
      "UPDATE governance_object_ownership SET owner_gov_code = 'GOV-MOT' WHERE object_ref = 'GRP-AI' AND scope = 'policy'",
      /^1 of 30 governance_object_ownership rows changed: row .*owner_gov_code was .*, is GOV-MOT$/,
    ],
    [
      "a row of others in a table that goes",
      1,
      "INSERT INTO axis_value (axis_code, value_code, status, provenance, tag) VALUES ('topic', 'of-others', 'candidate', '{}', 'by hand')",
      /^public\.axis_value holds a row of others, which would be lost: \{.*"of-others".*\}$/,
    ],
    [
      "a row of nobody, without a tag, in a table that goes",
      1,
      "INSERT INTO axis_value (axis_code, value_code) VALUES ('topic', 'of-nobody')",
      /^public\.axis_value holds a row of others, which would be lost: \{.*"of-nobody".*\}$/,
    ],
    [
      "a column that was added",
      1,
      "ALTER TABLE axis_candidate_finding ADD COLUMN remark text",
      /column remark was added/,
    ],
    [
      "a trigger on a table of ours",
      1,
      "CREATE TRIGGER t AFTER INSERT ON axis_value EXECUTE FUNCTION suppress_redundant_updates_trigger()",
      /trigger t was added/,
    ],
    ["an index on a table of ours", 1, "CREATE INDEX by_others ON axis_value (status)", /index by_others was added/],
    ["a grant on a view of ours", 1, "GRANT SELECT ON v_ui_lane TO PUBLIC", /grants /],
  ])("%s is listed", async (_, tier, sql, line) => {
    expect(await blockersOf(tier, sql)).toEqual({ dataLoss: [expect.stringMatching(line)], dependents: [] });
  });

  test("is listed up to twenty rows a table; the others by their number, and by a hash that tells them apart", async () => {
    const more = `INSERT INTO axis_value (axis_code, value_code, status, provenance, tag)
      SELECT 'topic', 'of-others-' || chr(96 + n), 'candidate', '{}', 'by hand' FROM generate_series(1, 25) AS n;`;
    const { dataLoss } = await blockersOf(1, more);
    expect(dataLoss).toHaveLength(21);
    expect(dataLoss.at(-1)).toMatch(/and 5 more, all hashed \w{32}$/);

    const other = await blockersOf(
      1,
      `${more} UPDATE axis_value SET status = 'retired' WHERE value_code = 'of-others-y'`,
    );
    expect(acceptance(1, other.dataLoss)).not.toBe(acceptance(1, dataLoss));
  });
});

describe("what others have built on ours", () => {
  test.each([
    [
      "a view on a table",
      1,
      "CREATE VIEW of_others AS SELECT value_code FROM axis_value",
      ["view public.of_others depends on table public.axis_value"],
    ],
    [
      "a view on a view",
      1,
      "CREATE VIEW of_others AS SELECT lane FROM v_ui_lane",
      ["view public.of_others depends on view public.v_ui_lane"],
    ],
    [
      "a materialized view",
      1,
      "CREATE MATERIALIZED VIEW of_others AS SELECT count(*) FROM axis_value",
      ["materialized view public.of_others depends on table public.axis_value"],
    ],
    [
      "a foreign key",
      1,
      "CREATE TABLE of_others (axis text REFERENCES axis_registry (axis_code))",
      ["table public.of_others depends on table public.axis_registry"],
    ],
    [
      "a view that calls the function",
      1,
      "CREATE VIEW of_others AS SELECT fn_governance_scan('x', 'y')",
      ["view public.of_others depends on function public.fn_governance_scan(text,text)"],
    ],
    [
      "a column of the row type",
      1,
      "CREATE TABLE of_others (one axis_value)",
      ["table public.of_others depends on type public.axis_value"],
    ],
    [
      "a function with the row type",
      1,
      "CREATE FUNCTION of_others(axis_value) RETURNS text LANGUAGE sql AS 'SELECT $1.value_code'",
      ["function public.of_others(public.axis_value) depends on type public.axis_value"],
    ],
    [
      "a function that reads a table in a standard body",
      1,
      "CREATE FUNCTION of_others() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM axis_value; END",
      ["function public.of_others() depends on table public.axis_value"],
    ],
    [
      "a policy of theirs that reads a table",
      1,
      "CREATE TABLE of_others (a text); CREATE POLICY p ON of_others USING (EXISTS (SELECT FROM axis_value))",
      ["depends on table public.axis_value"],
    ],
    [
      "a trigger of theirs that calls the function's row",
      1,
      "CREATE TABLE heir () INHERITS (axis_value)",
      ["table public.heir depends on table public.axis_value"],
    ],
    [
      "a row that refers to a seed row",
      3,
      `CREATE TABLE of_others (owner integer REFERENCES governance_object_ownership (id));
       INSERT INTO of_others SELECT min(id) FROM governance_object_ownership`,
      ["public.of_others holds a row of others that refers to public.governance_object_ownership"],
    ],
    [
      "a row of nobody, without a tag, that refers to a seed row",
      4,
      `INSERT INTO axis_assignment (object_type, object_ref, axis_code, value_code, zone, assigned_kind)
       VALUES ('collection', 'articles', 'containment', 'GRP-AI', 'quarantine', 'human')`,
      ["public.axis_assignment holds a row of others that refers to public.axis_value"],
    ],
  ])("%s is listed and cannot be accepted away", async (_, tier, sql, texts) => {
    const { dataLoss, dependents } = await blockersOf(tier, sql);
    expect(dataLoss).toEqual([]);
    expect(dependents).toEqual(texts.map((text) => expect.stringContaining(text)));
    expect(() =>
      requireNoBlockers([{ declaration: tierOf(rollout, tier), blockers: { dataLoss, dependents } }]),
    ).toThrow(texts[0]);
  });

  test("does not include what belongs to the application or to ours", async () => {
    const sql = `CREATE VIEW of_others AS SELECT count(*) FROM collection_registry;
      CREATE TABLE beside (name text REFERENCES axis_registry (axis_code)); DROP TABLE beside`;
    for (const tier of [1, 3, 4]) expect(await blockersOf(tier, sql)).toEqual({ dataLoss: [], dependents: [] });
  });
});

describe("a refusal", () => {
  const three = tierOf(rollout, 3);
  const blocked = (dataLoss: string[], dependents: string[] = []) => [
    { declaration: three, blockers: { dataLoss, dependents } },
  ];

  test("lists everything of every tier, and the hash that accepts it", () => {
    const four = { declaration: tierOf(rollout, 4), blockers: { dataLoss: ["lost four"], dependents: [] } };
    const refuse = () => requireNoBlockers([...blocked(["lost one", "lost two"]), four]);

    expect(refuse).toThrow(/Tier 3[^]*lost one[^]*lost two[^]*Tier 4[^]*lost four/);
    expect(refuse).toThrow(`ROLLOUT_ACCEPT=${acceptance(3, ["lost one", "lost two"])},${acceptance(4, ["lost four"])}`);
  });

  test("is lifted by the hash of exactly this list, in any order, and by no other", () => {
    const hash = acceptance(3, ["one", "two"]);
    expect(acceptance(3, ["two", "one"])).toBe(hash);
    process.env.ROLLOUT_ACCEPT = `0123456789abcdef ${hash}`;

    expect(() => requireNoBlockers(blocked(["two", "one"]))).not.toThrow();
    for (const other of [["one"], ["one", "two", "three"], ["one two"], ["one", "Two"]]) {
      expect(() => requireNoBlockers(blocked(other))).toThrow(/cannot be rolled back/);
    }
    expect(isAccepted(4, ["one", "two"])).toBe(false);
    expect(() => requireNoBlockers(blocked(["one", "two"], ["a view"]))).toThrow("a view");
  });

  test.each(["", "*", "all", "true", "yes", "1"])("is not lifted by %j", (value) => {
    process.env.ROLLOUT_ACCEPT = value;
    expect(() => requireNoBlockers(blocked(["one"]))).toThrow(/cannot be rolled back/);
  });
});

test("delete refuses with the whole list and changes nothing; with its hash it goes on and keeps the list as evidence", async () => {
  await db.query("UPDATE governance_drift_state SET severity = 'info'");
  await db.query("UPDATE axis_value SET status = 'candidate' WHERE value_code = 'kg-domain-x'");
  const before = await catalogAndRows(db.url);
  await rolled.destroy(state(8));
  await rolled.destroy(state(6));
  const applied = await catalogAndRows(db.url);

  await expect(rolled.plan(4)).rejects.toThrow(
    /Tier 5 [^]*kg-domain-x.*status was active, is candidate[^]*ROLLOUT_ACCEPT=/,
  );
  const refusal = await rolled.destroy(state(5)).catch(messageOf);
  expect(refusal).toMatch(
    /^Tier 5 \(Topic finalization\) cannot be rolled back, nothing was changed:\n {2}- 1 of 9 axis_value rows/,
  );
  expect(differences(applied, await catalogAndRows(db.url))).toEqual([]);
  expect(differences(before, applied)).not.toEqual([]);

  process.env.ROLLOUT_ACCEPT = /ROLLOUT_ACCEPT=(\w+)/.exec(String(refusal))![1];
  heard(rolled);
  await rolled.destroy(state(5));
  expect(heard(rolled)).toMatch(/Tier 5 \(Topic finalization\) rolled back and proven/);
  const file = path.join(rolled.evidence, `${state(5).rolloutId}.json`);
  const { tiers } = JSON.parse(readFileSync(file, "utf8"));
  expect(tiers["5"].proof.accepted).toEqual([expect.stringContaining("kg-domain-x")]);
});
