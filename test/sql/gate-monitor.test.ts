import { catalogAndRows, differences } from "../support/database/compare";
import { GOVERNANCE_EVENT, NO_APPROVAL, ONE_LESS, owner, TWO_OWNERS } from "../support/faults/faults";
import { database, RATIFIED, withDatabase, type State, type TestDatabase } from "../support/database/database";
import { GATE_CHECK, PER_TIER_ROLLBACK, RUN_ALL } from "../support/database/files";
import { program } from "../support/database/psql";
import { serverPort } from "../support/database/server";

const check = async (
  db: TestDatabase,
  args: string[] = [],
  environment: NodeJS.ProcessEnv = { RATIFIED_APR: RATIFIED },
) => {
  const { code, stdout, stderr } = await program("bash", [GATE_CHECK, ...args, "-d", db.url], environment);
  return { code, line: stdout.trim(), stderr };
};

/** The verdict must be one line, and the blockers end with a semicolon each. */
const VERDICTS: [what: string, state: State, fault: string, blockers: string[]][] = [
  ["no approval", "signed", NO_APPROVAL, ["ospa<1;", "ospa_valid<>approved;"]],
  [
    "no approval collection",
    "signed",
    "DROP TABLE os_proposal_approvals CASCADE",
    ["ospa unknown;", "ospa_valid unknown;"],
  ],
  ["a governed collection less", "signed", ONE_LESS, ["gap<>210;"]],
  ["a supporting owner", "signed", owner(`'law', 'x', 'audit', 'supporting', 'GOV-DOT'`), ["own<>0;"]],
  ["two owners", "signed", TWO_OWNERS, ["own<>0;", "conflict<>0;"]],
  ["a prerequisite view missing", "signed", "DROP VIEW v_object_owner_conflict", ["prereq<>5;", "conflict unknown;"]],
  ["one of the 43 present", "signed", "CREATE VIEW v_ui_lane AS SELECT 1", ["axis_present;"]],
  ["a governance event", "signed", GOVERNANCE_EVENT, ["emit<>0;"]],
  [
    "an active event type",
    "signed",
    `UPDATE event_type_registry SET active = true WHERE event_type = 'handoff.object_born'`,
    ["event_types_active<>0;"],
  ],
  [
    "nothing at all",
    "empty",
    "SELECT 1",
    [
      "ospa unknown;",
      "ospa_valid unknown;",
      "ratified_request unknown;",
      "prereq<>5;",
      "gap unknown;",
      "own unknown;",
      "conflict unknown;",
      "emit unknown;",
      "event_types_active unknown;",
      "columns_missing<>none;",
      "agencies_missing unknown;",
      "mapped_labels_inactive unknown;",
      "rule_labels_unknown unknown;",
      "orphan_labels unknown;",
    ],
  ],
];

test.each(VERDICTS)("with %s: BLOCKED, exit code 10, and the blockers", async (_, state, fault, blockers) => {
  await withDatabase(state, async (db) => {
    await db.query(fault);
    const { code, line, stderr } = await check(db);
    expect([code, stderr, line.split("\n").length]).toEqual([10, "", 1]);
    expect(line).toMatch(/^BLOCKED /);
    expect(
      line
        .replace(/\w+: /g, "")
        .split(/(?<=;) /)
        .map((blocker) => blocker.replace("BLOCKED ", "")),
    ).toEqual(blockers);
  });
});

describe("on the signed baseline", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("signed");
  });

  afterAll(() => db.drop());

  test("READY, exit code 0, and nothing is changed", async () => {
    const before = await catalogAndRows(db.url);
    expect(await check(db)).toEqual({ code: 0, line: "READY", stderr: "" });
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  });

  test("quiet says it by the exit code alone", async () => {
    expect(await check(db, ["--quiet"])).toEqual({ code: 0, line: "", stderr: "" });
    expect(await check(db, ["--quiet", "-v", "database=another"])).toEqual({ code: 10, line: "", stderr: "" });
  });

  test("is BLOCKED where no ratified request is named: nothing could start", async () => {
    expect(await check(db, [], {})).toEqual({
      code: 10,
      line: "BLOCKED ratified_request: ratified_request not named;",
      stderr: "",
    });
  });

  test.each([
    ["APR-0211", 0],
    ["APR-0210", 10],
    ["APR-9999", 10],
    [`'; DROP TABLE tasks`, 10],
  ])("judges the ratified request %s", async (code, expected) => {
    expect((await check(db, [], { RATIFIED_APR: code })).code).toBe(expected);
    expect((await check(db, ["-v", `ratified_apr=${code}`])).code).toBe(expected);
  });

  test("blocks in another database than the one named", async () => {
    const { code, line } = await check(db, ["-v", "database=another"]);
    expect([code, line]).toEqual([10, "BLOCKED database: database<>another;"]);
  });

  test("an unreachable server, a missing database and an unknown option are errors, exit code 1, without a verdict", async () => {
    const port = await serverPort();
    for (const args of [
      ["-h", "127.0.0.1", "-p", "1"],
      ["-d", `postgres://postgres@127.0.0.1:${port}/nowhere`],
      ["--nonsense"],
    ]) {
      const { code, stdout, stderr } = await program("bash", [GATE_CHECK, ...args]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).not.toBe("");
      expect(await program("bash", [GATE_CHECK, "--quiet", ...args])).toEqual({ code: 1, stdout: "", stderr: "" });
    }
  });

  test("the SQL alone works in a read-only transaction", async () => {
    const { code, stdout } = await db.psql(["-At", "-f", "sql/gate_monitor/gate_check.sql"], {
      default_transaction_read_only: "on",
      "one_roof.ratified_apr": RATIFIED,
    });
    expect([code, stdout.trim()]).toEqual([0, "READY|"]);
  });
});

test("the verdict follows the rollout and its rollback", async () => {
  await withDatabase("signed", async (db) => {
    const lines = [(await check(db)).line];
    for (const file of [RUN_ALL, PER_TIER_ROLLBACK]) {
      await db.file(file);
      lines.push((await check(db)).line);
    }
    expect(lines).toEqual(["READY", "ROLLED OUT", "READY"]);
  });
});
