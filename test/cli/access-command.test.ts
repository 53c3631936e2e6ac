import { EXIT } from "../../cli/exit-codes";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { atEnd } from "../support/clean-up";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { program, type PsqlResult } from "../support/database/psql";
import { findings, RELEASE, removeRoles } from "../support/database/roles";
import { withFolder } from "../support/folder";
import { programOn } from "../support/pulumi/program";

let db: TestDatabase;

beforeAll(async () => {
  atEnd(removeRoles);
  db = await database("signed");
  await db.query("CREATE ROLE councillor LOGIN; CREATE ROLE passer_by LOGIN");
  atEnd(async () => {
    const server = await database("empty");
    await server.query("DROP ROLE councillor; DROP ROLE passer_by");
  });
});

function access(args: string[], user = "postgres"): Promise<PsqlResult> {
  const env = { DATABASE_URL: db.url.replace("//postgres@", `//${user}@`) };
  return program(process.execPath, [path.resolve("cli/main.js"), "access", ...args], env);
}

const byPsql = (sql: string) =>
  withFolder((folder) => {
    const file = path.join(folder, "access.sql");
    writeFileSync(file, sql);
    return db.psql(["-f", file]);
  });

test("the printed rights of one login are enough for a rollout and its way back, in a database of any name", async () => {
  const { stdout } = await access(["sql", "--login", "passer_by"]);
  expect(stdout).not.toContain("directus");
  expect(await byPsql(stdout)).toEqual({ code: 0, stdout: "", stderr: "" });
  const before = await catalogAndRows(db.url);
  const rollout = programOn(db, {}, { url: db.url.replace("//postgres@", "//passer_by@") });
  const states = await rollout.up();
  expect(states).toHaveLength(8);
  for (const state of states.reverse()) await rollout.destroy(state);
  expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  await db.query("DROP OWNED BY passer_by");
});

test.each([["Directus"], ["a; DROP TABLE x"], [""]])("%j is no name of a login", async (name) => {
  const { code, stdout, stderr } = await access(["sql", "--login", name]);
  expect({ code, stdout }).toEqual({ code: EXIT.configuration, stdout: "" });
  expect(stderr).toMatch(/^--login: expected a login's plain name in small letters, found /);
});

test("before there are roles the audit says so, and how to make them", async () => {
  const { code, stdout } = await access(["audit"]);
  expect({ code, stdout }).toEqual({
    code: 10,
    stdout:
      "Roles take no part in this database: there is no schema one_roof_access. Make them: npm run access -- up, or npm run access -- sql\n",
  });
});

test("the printed script runs by psql, twice, and then all is as declared", async () => {
  const { stdout } = await access(["sql"]);
  for (let run = 1; run <= 2; run++) expect(await byPsql(stdout)).toEqual({ code: 0, stdout: "", stderr: "" });
  const { code, stdout: told } = await access(["audit"], "one_roof_monitor");
  expect({ code, told }).toEqual({ code: 0, told: "Everything is as declared. No approval is in force.\n" });
});

test.each([
  [
    "a digest that is none",
    ["--release", "abc"],
    EXIT.configuration,
    /^A release is known by its digest of 64 .* found 'abc'\. Nothing was changed\.\n$/,
  ],
  [
    "too long a time",
    ["--for", "9d"],
    EXIT.configuration,
    /^An approval is valid for 1 minute to 7 days, not for 9 days\. Nothing was changed\.\n$/,
  ],
  ["no time", ["--for", "soon"], EXIT.configuration, /^--for soon is not a time: .* Nothing was changed\.\n$/],
])("an approval with %s is refused in one line", async (_, wrong, exitCode, message) => {
  const given = ["--release", RELEASE, "--request", "APR-0211", "--for", "2h", ...wrong];
  const { code, stdout, stderr } = await access(["approve", ...given]);
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
  expect(stderr).toMatch(message);
});

test("a person approves and withdraws; whoever is no approver does not", async () => {
  await db.query("GRANT one_roof_approver TO councillor");
  const act = ["approve", "--release", RELEASE, "--request", "APR-0211", "--for", "2h"];
  const stranger = await access(act, "passer_by");
  expect(stranger).toMatchObject({ code: EXIT.refused, stdout: "" });
  expect(stranger.stderr).toMatch(
    /^permission denied for .*\. Connect as an approver, a member of one_roof_approver .* Nothing was changed\.\n$/,
  );
  const approved = await access(act, "councillor");
  expect(approved).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Approved until \d{4}-.* UTC\.\n$/) });
  const again = await access(act, "councillor");
  expect(again).toMatchObject({ code: EXIT.refused, stdout: "" });
  expect(again.stderr).toMatch(
    /^An approval of release .* is in force until .* Withdraw it first: npm run access -- withdraw\. .*\n$/,
  );
  const told = await access(["audit", "--json"]);
  expect(JSON.parse(told.stdout)).toMatchObject({
    asDeclared: true,
    inForce: { release: RELEASE, request: "APR-0211", approvedBy: "councillor" },
    findings: [],
  });
  expect(await access(["withdraw"], "councillor")).toMatchObject({
    code: 0,
    stdout: "The approval is withdrawn; what was under way is ended.\n",
  });
  expect(await access(["withdraw"], "councillor")).toMatchObject({
    code: 0,
    stdout: "No approval was in force; the login can do nothing.\n",
  });
});

test("the audit names what differs", async () => {
  await db.query("GRANT DELETE ON public.taxonomy TO one_roof_executor; GRANT one_roof_owner TO passer_by");
  const { code, stdout } = await access(["audit"]);
  expect({ code, stdout }).toEqual({
    code: 10,
    stdout:
      "passer_by: membership on role one_roof_owner is not declared\n" +
      "one_roof_executor: DELETE on table public.taxonomy is not declared\n" +
      "2 differences from what is declared. No approval is in force.\n",
  });
  const administered = await access(["audit", "--administrator", "passer_by"]);
  expect(administered.stdout).not.toContain("passer_by");
  await db.query("REVOKE DELETE ON public.taxonomy FROM one_roof_executor; REVOKE one_roof_owner FROM passer_by");
  expect(await findings(db)).toEqual([]);
});

test.each([
  [[], 2, "Usage: npm run access"],
  [["grant"], 2, 'Unknown command "grant".'],
  [["audit", "--wrong"], 2, "Unknown option '--wrong'"],
  [["approve", "--release", RELEASE], 2, "approve needs --release, --request and --for."],
])("%j is refused", async (args, code, message) => {
  const refused = await access(args);
  expect(refused.code).toBe(code);
  expect(refused.stderr).toContain(message);
});

test("what was made can be taken back", async () => {
  const { stdout } = await access(["sql", "--remove"]);
  expect(await byPsql(stdout)).toMatchObject({ code: 0, stdout: "" });
  expect((await access(["audit"])).code).toBe(10);
  expect(await db.rows("SELECT 1 FROM pg_roles WHERE rolname IN ('one_roof_login', 'one_roof_access')")).toEqual([]);
});
