import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { catalogAndRows, differences, type Snapshot } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { shownLines } from "../support/pulumi/display";
import { engine, type Engine } from "../support/pulumi/engine";
import { counts, leftovers, outputLines, refuse, succeed, violations, witness } from "../support/pulumi/operator";
import { withoutOwnFiles } from "../support/pulumi/outcome";

/** How many lines one of our commands may show without a terminal. */
const BUDGET = { firstUp: 60, secondUp: 12, destroy: 30 };

/** The expected production end state, counted by hand. */
const END_STATE = `
SELECT (SELECT count(*) FROM v_object_owner_gap)::int AS gap,
       (SELECT count(*) FROM v_object_owner_conflict)::int AS conflict,
       (SELECT count(*) FROM governance_object_ownership)::int AS seeded,
       (SELECT jsonb_object_agg(axis_code, n) FROM (
          SELECT axis_code, count(*) AS n FROM v_axis_required_cell GROUP BY 1) r) AS required,
       (SELECT jsonb_object_agg(axis_code, n) FROM (
          SELECT axis_code, count(*) AS n FROM v_axis_coverage_gap GROUP BY 1) g) AS missing,
       (SELECT string_agg(axis_code, ' ' ORDER BY axis_code) FROM axis_registry WHERE status = 'active') AS axes,
       (SELECT count(*) FROM governance_drift_state WHERE status = 'open')::int AS drift,
       (SELECT count(*) FROM governance_drift_state WHERE severity = 'critical')::int AS critical,
       (SELECT count(*) FROM topic_label_reconcile_decision)::int AS decisions,
       (SELECT count(*) FROM v_reconcile_label_orphan)::int AS orphans,
       (SELECT count(*) FROM v_reconcile_topic_projection_gap)::int AS unprojected,
       (SELECT status FROM axis_value WHERE axis_code = 'topic' AND value_code = 'kg-domain-x') AS kg_domain_x,
       (SELECT count(*) FROM event_outbox WHERE event_domain = 'governance')::int AS outbox,
       (SELECT count(*) FROM event_type_registry WHERE event_domain = 'governance' AND active)::int AS event_types`;

let previewed: string[];

describe("a rollout from the first preview to the last proof", () => {
  let db: TestDatabase;
  let stack: Engine;
  let baseline: Snapshot;
  let partial: Snapshot;
  let promised: Record<string, string>;

  beforeAll(async () => {
    db = await database("signed");
    stack = engine(db.url);
    baseline = await catalogAndRows(db.url);
  });

  test("preview shows every tier as measured, and changes nothing", async () => {
    const { output, changes, left } = await witness(db, () => stack.preview());
    expect({ changes, left }).toEqual({ changes: [], left: [] });
    expect(counts(output)).toEqual(["+ 9 to create"]);
    previewed = shownLines(output);
    promised = outputLines(output);
    expect(Object.keys(promised).map((name) => name.slice(0, 6))).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 8].map((tier) => `tier ${tier}`),
    );
    expect(promised["tier 1 Structure"]).toContain("+1 function, +11 tables, +31 views");
    expect(promised["tier 3 Ownership seed"]).toContain("+30 governance_object_ownership, ownership_gap 210 → 0");
    expect(promised["tier 4 Containment"]).toContain("containment_required 0 → 35");
  });

  test("a saved plan through Tier 4 is applied as it was saved", async () => {
    const plan = path.join(stack.folder, "plan.json");
    stack.configure({ throughTier: "4" });
    const preview = await witness(db, () => stack.preview("--save-plan", plan));
    expect(preview.changes).toEqual([]);
    const up = await succeed(stack.up("--plan", plan, "--skip-preview"));
    expect(counts(up.output)).toEqual(["+ 6 created"]);
    partial = await catalogAndRows(db.url);
    expect(await db.query("SELECT axis_code FROM axis_registry ORDER BY 1")).toEqual([
      { axis_code: "containment" },
      { axis_code: "responsibility" },
    ]);
  });

  test("up applies the rest, as the first preview promised, and ends at the end state", async () => {
    stack.configure({ throughTier: undefined });
    const { output } = await succeed(stack.up());
    expect(await leftovers(db)).toEqual([]);
    expect(counts(output)).toEqual(["+ 3 created", "6 unchanged"]);
    expect(outputLines(output)).toEqual(promised);
    expect(await db.query(END_STATE)).toEqual([
      {
        gap: 0,
        conflict: 0,
        seeded: 30,
        required: expect.objectContaining({ responsibility: 210, containment: 35 }),
        missing: { topic: 1 },
        axes: "containment responsibility topic",
        drift: 38,
        critical: 0,
        decisions: 6,
        orphans: 0,
        unprojected: 0,
        kg_domain_x: "active",
        outbox: 0,
        event_types: 0,
      },
    ]);
  });

  test("a second up and a refresh change nothing, neither state nor database", async () => {
    const again = await witness(db, () => stack.up());
    expect([again.changes, again.left]).toEqual([[], []]);
    expect(counts(again.output)).toEqual(["9 unchanged"]);
    // Ours says first which database it is.
    expect(1 + shownLines(again.output).length).toBeLessThanOrEqual(BUDGET.secondUp);
    expect(outputLines(again.output)).toEqual(promised);
    const refresh = await witness(db, () => stack.refresh("--expect-no-changes"));
    expect([refresh.changes, refresh.left]).toEqual([[], []]);
    expect(counts(refresh.output)).toEqual(["9 unchanged"]);
  });

  test("the pack passes over the finished stack", async () => {
    const { output } = await succeed(stack.run("policy", "analyze", "--policy-pack", "./policy"));
    expect(violations(output)).toEqual([]);
  });

  test("the state holds no password, no SQL and no code", () => {
    expect(stack.resources()).toHaveLength(8);
    const state = JSON.stringify(stack.resources());
    expect(state).not.toContain(db.url);
    expect(state).not.toMatch(/CREATE TABLE|INSERT INTO/);
  });

  test("a lower throughTier rolls back to exactly what was there then, and a higher one applies again", async () => {
    stack.configure({ throughTier: "4" });
    const down = await succeed(stack.up("--skip-preview"));
    expect(counts(down.output)).toEqual(["- 3 deleted", "6 unchanged"]);
    expect(differences(withoutOwnFiles(partial), withoutOwnFiles(await catalogAndRows(db.url)))).toEqual([]);
    stack.configure({ throughTier: "8" });
    const raised = await succeed(stack.up("--skip-preview"));
    expect(outputLines(raised.output)).toEqual(promised);
  });

  test("destroy restores the baseline, proves it in writing and leaves nothing", async () => {
    const { output } = await succeed(stack.destroy());
    expect(await leftovers(db)).toEqual([]);
    expect(differences(baseline, await catalogAndRows(db.url))).toEqual([]);
    expect(stack.resources()).toEqual([]);
    const [file, ...others] = readdirSync(path.join(stack.folder, "evidence"));
    expect([file, others]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}\.json$/), []]);
    const evidence = readFileSync(path.join(stack.folder, "evidence", file), "utf8");
    expect(evidence).toContain(file.slice(0, -".json".length));
    expect(output).toContain(file);
  });
});

describe("plain pulumi, without the commands of this project", () => {
  test("up and destroy do the same, and nothing is left", async () => {
    const db = await database("signed");
    const stack = engine(db.url, { env: { ROLLOUT_COMMAND: undefined } });
    const baseline = await catalogAndRows(db.url);
    const up = await succeed(stack.up("--skip-preview"));
    const shown = [...previewed, ...shownLines(up.output)];
    expect(1 + shown.length).toBeLessThanOrEqual(BUDGET.firstUp);
    expect(shown.filter((line) => line.startsWith("    Tier ") && line.length > 100)).toEqual([]);

    // An obstacle far down the way back is found before anything on the way is changed.
    const owner = (code: string) =>
      db.query(`UPDATE governance_object_ownership SET owner_gov_code = '${code}' WHERE object_ref = 'GRP-AI'`);
    await owner("GOV-SIV");
    const whole = await catalogAndRows(db.url);
    const refused = await refuse(stack.destroy("--run-program=false", "--skip-preview"));
    expect(refused.output).toMatch(/Tier 3 \(Ownership seed\) cannot be rolled back, nothing was changed/);
    expect(differences(whole, await catalogAndRows(db.url))).toEqual([]);
    await owner("GOV-DOT");

    const destroy = await succeed(stack.destroy("--run-program=false", "--skip-preview"));
    expect(destroy.output).toMatch(/Rehearsed in \d+ ms and rolled back/);
    expect(1 + shownLines(destroy.output).length).toBeLessThanOrEqual(BUDGET.destroy);
    const evidence = shownLines(destroy.output).filter((line) => line.includes("/evidence/"));
    expect(evidence).toEqual([expect.stringMatching(/^ +Evidence: \S+\.json$/)]);
    expect(counts(destroy.output)).toEqual(["- 9 deleted"]);
    expect(differences(baseline, await catalogAndRows(db.url))).toEqual([]);
    expect(stack.resources()).toEqual([]);
  });
});
