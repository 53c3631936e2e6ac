import path from "node:path";
import { releaseDigest } from "../../provider";
import { acceptance } from "../../provider/ledger/acceptance";
import type { TierInputs, TierState } from "../../provider/model/tier-inputs";
import { NO_APPROVAL } from "../support/faults/faults";
import { database, RATIFIED, type State, type TestDatabase, withDatabase } from "../support/database/database";
import { GATE_CHECK } from "../support/database/files";
import { program, type PsqlResult } from "../support/database/psql";
import { databaseWithRoles } from "../support/database/roles";
import { type Asked, monitor } from "../support/monitor";
import { follow, type Program, programOn } from "../support/pulumi/program";

const gate = (db: TestDatabase, asked: Asked = {}) => monitor("gate", db, asked);

const throughPsql = (db: TestDatabase): Promise<PsqlResult> =>
  program(GATE_CHECK, ["-d", db.url, "-v", `database=${db.name}`], { RATIFIED_APR: RATIFIED });

/** Asks both monitors, which must say the same. */
async function both(db: TestDatabase): Promise<string> {
  const [node, psql] = await Promise.all([gate(db), throughPsql(db)]);
  expect(node).toEqual(psql);
  expect(node.code).toBe(node.stdout.includes("BLOCKED") ? 10 : 0);
  return node.stdout.trimEnd();
}

describe("under a ledger", () => {
  let db: TestDatabase;
  let rolled: Program;
  let inputs: TierInputs[];
  const states: TierState[] = [];
  const reader = `reader_${process.pid}`;

  beforeAll(async () => {
    db = await database("signed");
    rolled = programOn(db);
    ({ inputs } = await rolled.plan());
    await db.query(`CREATE ROLE ${reader} LOGIN; GRANT pg_read_all_data, pg_read_all_stats TO ${reader}`);
  });

  afterAll(() => db.query(`DROP ROLE ${reader}`));

  test.each([
    [1, "PARTLY ROLLED OUT tier 1; tier 2 READY"],
    [2, "PARTLY ROLLED OUT tiers 1, 2; tier 3 READY"],
    [3, "PARTLY ROLLED OUT tiers 1, 2, 3; tier 4 READY"],
    [4, "PARTLY ROLLED OUT tiers 1, 2, 3, 4; tier 5 READY"],
    [5, "PARTLY ROLLED OUT tiers 1, 2, 3, 4, 5; tier 6 READY"],
    [8, "ROLLED OUT"],
  ])("with the tiers through %i both monitors, and a login that only reads, say %s", async (through, expected) => {
    for (const each of inputs.slice(states.length).filter(({ tier }) => tier <= through)) {
      states.push(await rolled.create(follow(each, states)));
    }
    expect(await both(db)).toBe(expected);
    expect(await gate(db, { user: reader })).toEqual({ code: 0, stdout: `${expected}\n`, stderr: "" });
  });

  test("a request that is another than the one it was applied under is no next run's", async () => {
    const { code, stdout } = await gate(db, { env: { RATIFIED_APR: "APR-0210" } });
    expect([code, stdout]).toEqual([
      10,
      "ROLLED OUT; BLOCKED edited: tier 3 was applied with other files or parameters;\n",
    ]);
  });

  test("drift blocks the next run, until it is accepted by its hash", async () => {
    const seed = "object_type = 'group' AND object_ref = 'GRP-AI' AND scope = 'audit'";
    const own = (agency: string) =>
      db.query(`UPDATE governance_object_ownership SET owner_gov_code = '${agency}' WHERE ${seed}`);
    await own("GOV-MOT");
    try {
      expect(await gate(db)).toEqual({
        code: 10,
        stdout: "ROLLED OUT; BLOCKED drift: tier 3 (1 difference);\n",
        stderr: "",
      });
      const { run } = await rolled.plan();
      expect(run.stops.map(({ kind }) => kind)).toEqual(["drift"]);
      const [{ finding }] = run.stops;
      const ROLLOUT_ACCEPT = finding.is === "drift" ? acceptance(3, finding.differences) : "";
      expect(await gate(db, { env: { ROLLOUT_ACCEPT } })).toEqual({ code: 0, stdout: "ROLLED OUT\n", stderr: "" });
    } finally {
      await own("GOV-DOT");
    }
  });

  test("a ledger that was rewritten blocks, told in one line that a terminal can show", async () => {
    await db.query("UPDATE one_roof_rollout.ledger SET applied_by = E'x\\nREADY \\x1b[2J' WHERE tier = 3");
    const { code, stdout, stderr } = await gate(db);
    expect([code, stderr]).toEqual([10, ""]);
    expect(stdout).toMatch(
      /^ROLLED OUT; BLOCKED ledger: The ledger was rewritten: in one_roof_rollout\.ledger the row at position 3 [^\n]*;\n$/,
    );
  });
});

test("what keeps the next tier from starting is told by both, and the ratified request where it is asked for", () =>
  withDatabase("signed", async (db) => {
    await programOn(db).up(2);
    await db.query(NO_APPROVAL);
    expect(await both(db)).toBe(
      "PARTLY ROLLED OUT tiers 1, 2; tier 3 BLOCKED ospa: ospa<1; ospa_valid: ospa_valid<>approved;",
    );
    const { stdout } = await gate(db, { env: { RATIFIED_APR: "" } });
    expect(stdout).toMatch(/; tier 3 BLOCKED .*ratified_request: ratified_request not named;/);
  }));

test("rows of others count on the axis that comes next, and on no other", () =>
  withDatabase("signed", async (db) => {
    await programOn(db).up(3);
    const rule = (axis: string) =>
      db.query(`INSERT INTO axis_registry (axis_code, axis_name, axis_family, axis_kind, status) VALUES ('${axis}', '${axis}', 'system', 'system', 'candidate');
        INSERT INTO coverage_rule (rule_code, axis_code, coverage_mode, status) VALUES ('OF-${axis}', '${axis}', 'per_assignment', 'candidate')`);
    await rule("region");
    expect(await both(db)).toBe("PARTLY ROLLED OUT tiers 1, 2, 3; tier 4 READY");
    await rule("containment");
    expect(await both(db)).toBe("PARTLY ROLLED OUT tiers 1, 2, 3; tier 4 BLOCKED others_rows: others_rows<>none;");
  }));

test("a view that is gone is told with the tier that made it, by both", () =>
  withDatabase("signed", async (db) => {
    await programOn(db).up();
    await db.query("DROP VIEW v_ui_lane");
    const expected =
      /^PARTLY ROLLED OUT tiers 2, 3, 4, 5, 6; tier 1 BLOCKED axis_objects: axis_objects<>0,43; structure: /;
    const [node, psql] = [await gate(db), await throughPsql(db)];
    for (const { code, stdout } of [node, psql]) expect([code, stdout]).toEqual([10, expect.stringMatching(expected)]);
    expect(node.stdout).toContain(" drift: tier 1 (1 difference);");
  }));

describe("by psql, without a ledger", () => {
  test("the whole is ROLLED OUT for both", () =>
    withDatabase("tier-6", async (db) => expect(await both(db)).toBe("ROLLED OUT")));

  test.each<[State, string]>([
    ["tier-1", "PARTLY ROLLED OUT tier 1; tier 2 "],
    ["tier-3", "PARTLY ROLLED OUT tiers 1, 2, 3; tier 4 "],
  ])("a part can go on by psql and not by Pulumi: %s", (state, standing) =>
    withDatabase(state, async (db) => {
      expect(await throughPsql(db)).toMatchObject({ code: 0, stdout: `${standing}READY\n` });
      const blocked = "BLOCKED ledger: there is none, so psql has to go on with it;";
      expect(await gate(db)).toMatchObject({ code: 10, stdout: `${standing}${blocked}\n` });
      expect((await programOn(db).plan()).run.verdict).toBe("STOP");
    }),
  );
});

test("a tier that the ledger has lost, and one that is gone, block the next run", () =>
  withDatabase("signed", async (db) => {
    await programOn(db).up(2);
    await db.query("DELETE FROM coverage_rule; DELETE FROM axis_value; DELETE FROM axis_registry");
    const gone = await gate(db);
    expect([gone.code, gone.stdout]).toEqual([
      10,
      expect.stringMatching(/^PARTLY ROLLED OUT tier 1; tier 2 BLOCKED drift: tier 2 \(\d+ differences\);\n$/),
    ]);
    await db.query("DROP SCHEMA one_roof_rollout CASCADE");
    const lost = await gate(db);
    expect(lost.stdout).toBe(
      "PARTLY ROLLED OUT tier 1; tier 2 BLOCKED ledger: there is none, so psql has to go on with it;\n",
    );
  }));

describe("a stack that is not the developer's", () => {
  const env = { PULUMI_STACK: "clone" };
  const more = (release: string) => `  one-roof:access: optional\n${release && `  one-roof:release: ${release}\n`}`;

  test.each([
    [
      "pins no release",
      async () => "",
      /^BLOCKED release: the files here are [0-9a-f]{12}, none is pinned as ratified;$/m,
    ],
    [
      "pins another release",
      async () => "b".repeat(64),
      /^BLOCKED release: the files here are [0-9a-f]{12}, ratified is b{12};$/m,
    ],
    ["pins the release that is here", () => releaseDigest(path.resolve("")), /^READY$/m],
  ])("%s", (_, release, expected) =>
    withDatabase("signed", async (db) => {
      const { stdout, stderr } = await gate(db, { env, more: more(await release()) });
      expect([stdout, stderr]).toEqual([expect.stringMatching(expected), ""]);
    }),
  );

  test("demands roles, as preview does", () =>
    withDatabase("signed", async (db) => {
      const release = `  one-roof:release: ${await releaseDigest(path.resolve(""))}\n`;
      expect((await gate(db, { env, more: release })).stdout).toBe(
        "BLOCKED access: there is no schema one_roof_access;\n",
      );
    }));
});

test("where roles take part, an approval of this release under this request has to be in force", async () => {
  const db = await databaseWithRoles();
  const release = await releaseDigest(path.resolve(""));
  const approve = (digest: string) => db.query("SELECT one_roof_access.approve($1, $2, '1 hour')", [digest, RATIFIED]);
  expect((await gate(db)).stdout).toBe(
    `BLOCKED approval: none is in force for release ${release.slice(0, 12)} under ${RATIFIED};\n`,
  );
  await approve("c".repeat(64));
  expect((await gate(db)).stdout).toBe(
    `BLOCKED approval: the one in force is of release cccccccccccc under ${RATIFIED}, given by postgres;\n`,
  );
  await db.query("SELECT one_roof_access.withdraw()");
  await approve(release);
  for (const user of ["one_roof_monitor", "one_roof_login"])
    expect(await gate(db, { user })).toEqual({ code: 0, stdout: "READY\n", stderr: "" });
});
