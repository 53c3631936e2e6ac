import { existsSync } from "node:fs";
import path from "node:path";
import { EXIT } from "../../cli/exit-codes";
import { database, type TestDatabase, withDatabase } from "../support/database/database";
import { withPassword } from "../support/database/password";
import { withFolder } from "../support/folder";
import { type Asked, monitor } from "../support/monitor";
import { OBEYED } from "../support/status";

const HOLDS = /^VERIFIED: 20 gates hold, 7 views are read with \d+ rows\.\n$/;

let db: TestDatabase;

beforeEach(async () => {
  db = await database("tier-6");
});

afterEach(() => db.drop());

const verify = (asked: Asked = {}) => monitor("verify", db, asked);

test("everything holds after a rollout, for a login that only reads too, and without a request", async () => {
  const reader = `verify_reader_${process.pid}`;
  await db.query(`CREATE ROLE ${reader} LOGIN; GRANT pg_read_all_data, pg_read_all_stats TO ${reader}`);
  try {
    for (const asked of [{}, { user: reader }, { env: { RATIFIED_APR: "" } }]) {
      expect(await verify(asked)).toEqual({ code: EXIT.done, stdout: expect.stringMatching(HOLDS), stderr: "" });
    }
    expect(await verify({ args: ["--quiet"] })).toEqual({ code: EXIT.done, stdout: "", stderr: "" });
  } finally {
    await db.query(`DROP ROLE ${reader}`);
  }
});

test("each gate that differs is named, with what was measured, meaning and remedy", async () => {
  await db.query(`UPDATE axis_value SET status = 'candidate' WHERE value_code = 'kg-domain-x';
    UPDATE event_type_registry SET active = true WHERE event_type = 'handoff.object_born'`);
  const { code, stdout } = await verify();
  expect(code).toBe(EXIT.refused);
  expect(stdout).toMatch(/^DIFFERS: 2 of 20 gates, 0 of 7 views\.\n/);
  expect(stdout).toMatch(
    /^- active_event_types: expected = 0, measured 1\n {2}Every governance event type .* Deactivate the event type/m,
  );
  expect(stdout).toMatch(
    /^- kg_domain_x: expected = active, measured candidate\n {2}The topic .* Have its ratification confirmed/m,
  );
  expect(await verify({ args: ["--quiet"] })).toEqual({ code: EXIT.refused, stdout: "", stderr: "" });
});

test("a view that is missing is named with the file that makes it, and so is the gate that sees it", async () => {
  await db.query("DROP VIEW v_ui_lane; DROP VIEW v_ui_coverage_dashboard");
  const { code, stdout } = await verify();
  expect([code, stdout.split("\n")[0]]).toEqual([EXIT.refused, "DIFFERS: 1 of 20 gates, 2 of 7 views."]);
  expect(stdout).toMatch(/^- structure: expected = as defined, measured v_ui_coverage_dashboard, v_ui_lane$/m);
  for (const view of ["public.v_ui_lane", "public.v_ui_coverage_dashboard"]) {
    expect(stdout).toMatch(
      new RegExp(
        `^- ${view} cannot be read: .*does not exist\n  Tier 1 makes it \\(sql/prod/10_structure\\.sql\\)`,
        "m",
      ),
    );
  }
});

test("a view that cannot be computed cannot write a verdict of its own", async () => {
  await db.query(`CREATE FUNCTION public.fails() RETURNS integer LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION E'\nVERIFIED: 20 gates hold\x1b[2J\u202e'; END $$;
    DROP VIEW v_ui_lane; CREATE VIEW v_ui_lane AS SELECT public.fails() AS lane_code`);
  const { code, stdout, stderr } = await verify();
  expect([code, stderr]).toEqual([EXIT.refused, ""]);
  expect(stdout).toContain("- public.v_ui_lane cannot be read: \\nVERIFIED: 20 gates hold\\x1b[2J\\u202e");
  expect(stdout).not.toMatch(/^VERIFIED/m);
  expect(stdout).not.toMatch(OBEYED);
  const { stdout: json } = await verify({ args: ["--json"] });
  expect(json).not.toMatch(OBEYED);
});

test("--json prints one object with every gate and view", async () => {
  await db.query("DROP VIEW v_ui_lane");
  const { code, stdout } = await verify({ args: ["--json"] });
  const told = JSON.parse(stdout);
  expect([code, told.holds, told.database, told.tiers]).toEqual([EXIT.refused, false, db.name, [2, 3, 4, 5, 6]]);
  expect(told.gates).toHaveLength(20);
  expect(told.gates.filter(({ holds }: { holds: boolean }) => !holds)).toMatchObject([
    { name: "structure", measured: "v_ui_lane", remedy: expect.stringMatching(/Find out who changed/) },
  ]);
  expect(told.views).toHaveLength(7);
  expect(told.views).toContainEqual({ view: "public.v_ui_lane", failure: expect.any(String), madeBy: 1 });
  expect(told.views).toContainEqual({ view: "public.v_ui_topic_tree", rows: expect.any(Number), madeBy: 1 });
});

test("where nothing stands that is said before all that differs", () =>
  withDatabase("signed", async (bare) => {
    const { code, stdout } = await monitor("verify", bare);
    expect(code).toBe(EXIT.refused);
    expect(stdout.split("\n")[1]).toBe(
      `Nothing of the rollout stands on ${bare.name}: npm run gate tells whether it could start.`,
    );
  }));

test("what can be read and cannot be had in time is locked, not different", async () => {
  const other = await db.connect();
  await other.query("BEGIN; LOCK axis_registry");
  const { code, stdout, stderr } = await verify();
  await other.query("ROLLBACK");
  expect([code, stdout]).toEqual([EXIT.locked, ""]);
  expect(stderr).toMatch(/^.*lock timeout.*\n$/);
});

describe("a database that is out of reach", () => {
  test.each([
    ["no server", () => "postgres://postgres@127.0.0.1:1/directus", /nothing listens there/],
    ["no database", () => db.url.replace(db.name, "nowhere"), /no database of that name/],
  ])("%s", async (_, url, message) => {
    const asked = { env: { DATABASE_URL: url() } };
    const { code, stdout, stderr } = await verify(asked);
    expect([code, stdout]).toEqual([EXIT.unreachable, ""]);
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).toMatch(message);
    expect(await verify({ ...asked, args: ["--quiet"] })).toEqual({ code: EXIT.unreachable, stdout: "", stderr: "" });
  });

  test("a wrong password, which is not shown", () =>
    withPassword(db, "verify_secret", async () => {
      const DATABASE_URL = db.url.replace("//postgres@", "//verify_secret:mistyped@");
      const { code, stderr } = await verify({ env: { DATABASE_URL } });
      expect([code, stderr]).toEqual([EXIT.unreachable, expect.stringMatching(/password was refused/)]);
      expect(stderr).not.toContain("mistyped");
    }));

  test.each(["verify", "status"] as const)("an embedded one that does not run is not started for %s", (command) =>
    withFolder(async (home) => {
      const env = { DATABASE_URL: "", ONE_ROOF_HOME: home };
      const { code, stdout, stderr } = await monitor(command, db, { env });
      expect([code, stdout]).toEqual([EXIT.unreachable, ""]);
      expect(stderr).toBe("The embedded database is not there yet. Start it: npm run db -- start\n");
      expect(existsSync(path.join(home, "database.json"))).toBe(false);
    }),
  );
});

test.each([
  ["an unknown option", { args: ["--verbose"] }, /^Unknown option.*\nUsage: npm run verify/],
  ["a key that nobody knows", { more: "  one-roof:thruTier: 3\n" }, /thruTier: there is no such key/],
])("%s is bad configuration", async (_, asked, message) => {
  const { code, stdout, stderr } = await verify(asked);
  expect([code, stdout]).toEqual([EXIT.configuration, ""]);
  expect(stderr).toMatch(message);
});
