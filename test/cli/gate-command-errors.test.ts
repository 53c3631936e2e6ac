import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { EXIT } from "../../cli/exit-codes";
import { database, RATIFIED, type TestDatabase } from "../support/database/database";
import { withPassword } from "../support/database/password";
import { program, type PsqlResult } from "../support/database/psql";

const ONE_LINE = /^[^\n]+\n$/;

let db: TestDatabase;
let folder: string;

beforeAll(async () => {
  db = await database("signed");
  folder = mkdtempSync(path.join(os.tmpdir(), "one-roof-gate-"));
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await db.drop();
});

const gate = (args: string[], env?: NodeJS.ProcessEnv) => ours("gate", args, env);

function ours(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<PsqlResult> {
  const clean = { DATABASE_URL: db.url, PULUMI_STACK: "dev", PULUMI_OPTION_CONFIG_FILE: "", RATIFIED_APR: RATIFIED };
  return program(process.execPath, [path.resolve("cli/main.js"), command, ...args], { ...clean, ...env });
}

/** Runs the command with a stack file of this text. */
function configured(text: string, env?: NodeJS.ProcessEnv): Promise<PsqlResult> {
  const file = path.join(folder, "Pulumi.test.yaml");
  writeFileSync(file, text);
  return gate(["--config-file", file], env);
}

const named = () => `config:\n  one-roof:database: ${db.name}\n`;

test.each(["gate", "status"])("what somebody has locked is told by %s with who holds it", async (command) => {
  const blocker = await db.connect();
  try {
    await blocker.query("SET application_name = 'nightly report'; BEGIN; LOCK TABLE governance_registry");
    const file = path.join(folder, "Pulumi.test.yaml");
    writeFileSync(file, named());
    const { code, stderr } = await ours(command, ["--config-file", file]);
    expect([code, stderr]).toEqual([
      EXIT.locked,
      expect.stringMatching(
        /lock timeout\. Held by pid \d+, .*"nightly report".*\. Nothing was changed; try again\.\n$/,
      ),
    ]);
  } finally {
    await blocker.end();
  }
});

describe("the connection", () => {
  test("with a wrong password is refused in one line that does not show it", async () => {
    await withPassword(db, "gate_secret", async () => {
      const url = (password: string) => db.url.replace("//postgres@", `//gate_secret:${password}@`);
      const { code, stdout, stderr } = await gate([], { DATABASE_URL: url("mistyped") });
      expect({ code, stdout }).toEqual({ code: EXIT.unreachable, stdout: "" });
      expect(stderr).toMatch(ONE_LINE);
      expect(stderr).toMatch(/gate_secret@127\.0\.0\.1:\d+.*password was refused.* only while an approval is in force/);
      expect(stderr).not.toContain("mistyped");
      expect((await gate([], { DATABASE_URL: url("right") })).code).toBe(10);
    });
  });

  test.each([
    ["to no server", "postgres://postgres@127.0.0.1:1/directus", /127\.0\.0\.1:1\/directus: nothing listens there/],
    ["to no database", "", /no database of that name/],
  ])("%s is told in one line, and not at all when quiet", async (_, url, text) => {
    const env = { DATABASE_URL: url || db.url.replace(db.name, "nowhere") };
    const { code, stdout, stderr } = await gate([], env);
    expect({ code, stdout }).toEqual({ code: EXIT.unreachable, stdout: "" });
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(text);
    expect(await gate(["--quiet"], env)).toEqual({ code: EXIT.unreachable, stdout: "", stderr: "" });
  });

  test("of a stack with a database of its own must be given", async () => {
    const { code, stdout, stderr } = await gate([], { DATABASE_URL: "", PULUMI_STACK: "prod" });
    expect({ code, stdout }).toEqual({ code: EXIT.configuration, stdout: "" });
    expect(stderr).toMatch(/^Stack prod .* DATABASE_URL or PGHOST.*\n$/);
  });
});

/** Nothing could start without it, so nothing is READY. */
const UNNAMED = "BLOCKED ratified_request: ratified_request not named;\n";

describe("the configuration", () => {
  test.each([
    ["of the stack names the ratified request", `  one-roof:ratifiedApr: ${RATIFIED}\n`, "", "READY\n"],
    ["may name one that is pending", "  one-roof:ratifiedApr: APR-0210\n", "", /^BLOCKED ratified_request: /],
    ["gives way to the environment", "  one-roof:ratifiedApr: APR-0210\n", RATIFIED, "READY\n"],
    [
      "is overruled by the environment",
      `  one-roof:ratifiedApr: ${RATIFIED}\n`,
      "APR-0209",
      /^BLOCKED ratified_request: /,
    ],
    ["of another project does not count", "  other:ratifiedApr: APR-0210\n", "", UNNAMED],
    [
      "may be quoted and commented",
      `  one-roof:ratifiedApr: "APR-0210" # pending\n`,
      "",
      /^BLOCKED ratified_request: /,
    ],
    ["may leave a value open, which says nothing", "  one-roof:ratifiedApr:\n", "", UNNAMED],
  ])("%s", async (_, text, apr, expected) => {
    const { stdout, stderr } = await configured(named() + text, { RATIFIED_APR: apr });
    expect(stderr).toBe("");
    if (typeof expected === "string") expect(stdout).toBe(expected);
    else expect(stdout).toMatch(expected);
  });

  test("decides which database is the right one, directus where it is silent", async () => {
    expect((await configured("encryptionsalt: v1:x\n")).stdout).toBe("BLOCKED database: database<>directus;\n");
  });

  test.each([
    ["is no YAML", "config: [", /Pulumi\.test\.yaml: .* in line \d/],
    ["is a list", "- one\n", /expected keys with values/],
    ["is encrypted", "config:\n  one-roof:ratifiedApr:\n    secure: v1:abc\n", /ratifiedApr is not a plain text/],
  ])("is refused in one line when it %s", async (_, text, message) => {
    const { code, stdout, stderr } = await configured(text);
    expect({ code, stdout }).toEqual({ code: EXIT.configuration, stdout: "" });
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(message);
  });

  test.each([
    ["an unknown key", "  one-roof:thruTier: 3\n", /thruTier: there is no such key.* config rm thruTier.*throughTier/],
    [
      "a wrong value",
      "  one-roof:throughTier: 7\n",
      /throughTier: expected one of .* Set it with: npm run pulumi -- config set/,
    ],
  ])("with %s, which preview refuses, is no ground for READY", async (_, text, message) => {
    const { code, stdout, stderr } = await configured(named() + text);
    expect({ code, stdout }).toEqual({ code: EXIT.configuration, stdout: "" });
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(message);
  });

  test("of an unknown stack is refused by the name of its file", async () => {
    const { code, stderr } = await gate([], { PULUMI_STACK: "organization/one-roof/nowhere" });
    expect(code).toBe(EXIT.configuration);
    expect(stderr).toMatch(/^Cannot read .*Pulumi\.nowhere\.yaml: .*\n$/);
  });
});

describe("the arguments", () => {
  test.each([["--queit"], ["READY"], ["--quiet=yes"]])("%s is refused with the usage", async (argument) => {
    const { code, stdout, stderr } = await gate([argument]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^.+\nUsage: npm run gate/);
  });

  test("--help explains the exit codes and asks nothing of the database", async () => {
    const { code, stdout } = await gate(["--help"], { DATABASE_URL: "postgres://127.0.0.1:1/none" });
    expect(code).toBe(0);
    expect(stdout).toMatch(/READY.*BLOCKED/s);
  });

  test("npm hands them on, and the exit code back", async () => {
    await db.query("DELETE FROM os_proposal_approvals");
    const file = path.join(folder, "Pulumi.npm.yaml");
    writeFileSync(file, named());
    const args = ["run", "--silent", "gate", "--", "--config-file", file];
    const { code, stdout } = await program("npm", args, { DATABASE_URL: db.url, RATIFIED_APR: RATIFIED });
    expect({ code, stdout }).toEqual({ code: 10, stdout: "BLOCKED ospa: ospa<1; ospa_valid: ospa_valid<>approved;\n" });
  });
});
