import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { EXIT } from "../../cli/exit-codes";
import { projectKey } from "../../cli/project";
import { database, type TestDatabase } from "../support/database/database";
import { program, type PsqlResult } from "../support/database/psql";
import { temporaryFolder } from "../support/folder";

/*
 * Who agrees to a change: nobody is asked only on the server that the commands have started themselves. Without a
 * terminal, as here, anybody else has to say --yes; what is refused has started nothing.
 */

jest.setTimeout(240_000);

let db: TestDatabase;
let home: string;

beforeAll(async () => (db = await database("signed")));
beforeEach(() => (home = temporaryFolder()));

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<PsqlResult> {
  const backend = path.join(home, "state");
  mkdirSync(backend, { recursive: true });
  return program(process.execPath, ["cli/main.js", ...args], {
    ONE_ROOF_HOME: home,
    PULUMI_BACKEND_URL: pathToFileURL(backend).href,
    PULUMI_STACK: "",
    DATABASE_URL: db.url.replace("//postgres@", "//postgres:hunter2@"),
    ...env,
  });
}

/** What the commands remember of an embedded server on the port of the test's own, with this identifier in its files. */
function rememberCluster(identifier: bigint): void {
  const folder = path.join(home, "cluster");
  mkdirSync(path.join(folder, "global"), { recursive: true });
  const control = Buffer.alloc(8);
  control.writeBigUInt64LE(identifier);
  writeFileSync(path.join(folder, "global", "pg_control"), control);
  const { port } = new URL(db.url);
  writeFileSync(path.join(folder, "postmaster.pid"), `1\n${folder}\n0\n${port}\n`);
  const state = path.join(home, projectKey);
  mkdirSync(state, { recursive: true });
  const cluster = { folder, port: Number(port), password: "", loaded: true };
  writeFileSync(path.join(state, "database.json"), JSON.stringify(cluster));
}

const identifierOf = async () =>
  BigInt(await db.value<string>("SELECT system_identifier::text FROM pg_control_system()"));

const target = () => `${db.name} on 127.0.0.1:${new URL(db.url).port} as postgres`;

describe("a server that is not ours", () => {
  test.each([
    ["up", ["up"]],
    ["destroy", ["destroy"]],
    ["refresh", ["refresh"]],
    ["destroy", ["pulumi", "dn"]],
  ])("%s, as %j, is refused by its name, and nothing is started", async (command, args) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: EXIT.configuration, stdout: "" });
    expect(stderr).toBe(
      `${command} on stack dev would change ${target()}, and there is no terminal to ask at. ` +
        `If that is the right database, say so: npm run ${command} -- --yes. Nothing was started.\n`,
    );
  });

  test.each([["--yes=false"], ["-sclone"], ["--stack=organization/one-roof/clone"]])(
    "up %s is none either",
    async (option) => {
      const { code, stderr } = await run(["up", option], { PULUMI_CONFIG_PASSPHRASE: "of the clone" });
      expect(code).toBe(EXIT.configuration);
      expect(stderr).toMatch(/^up on stack (dev|clone) would change .*Nothing was started\.\n$/);
    },
  );

  test("whose port was the embedded one's is told apart by its identifier", async () => {
    rememberCluster((await identifierOf()) + 1n);
    const { code, stdout, stderr } = await run(["up"]);
    expect({ code, stdout }).toEqual({ code: EXIT.configuration, stdout: "" });
    expect(stderr).toContain(`would change ${target()}`);
  });

  test("to which a parameter of the URL leads away from the embedded one's address", async () => {
    rememberCluster(await identifierOf());
    const url = new URL(db.url);
    const { code, stderr } = await run(["up"], { DATABASE_URL: `${url.href}?host=localhost` });
    expect([code, stderr]).toEqual([EXIT.configuration, expect.stringContaining("on localhost:")]);
  });

  test("is changed once somebody has said yes, and the question's subject is printed", async () => {
    const { code, stdout, stderr } = await run(["refresh", "--yes"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`refresh on stack dev: ${target()}\n`)]);
    expect(stdout + stderr).not.toContain("hunter2");
  });
});

test("another database of the embedded server, such as a clone, is one of its own", async () => {
  rememberCluster(await identifierOf());
  const env = { PULUMI_STACK: "clone", PULUMI_CONFIG_PASSPHRASE: "of the clone" };
  const { stderr } = await run(["preview"], env);
  expect(stderr).toMatch(/^There is no stack clone in the backend/m);
  const own = new URL(db.url);
  own.pathname = "/directus";
  const refused = await run(["preview"], { ...env, DATABASE_URL: own.href });
  expect(refused.stderr).toMatch(/^Stack clone is not ready for preview.*\n {2}- It has a database of its own/);
});

test("our own server needs no word", async () => {
  rememberCluster(await identifierOf());
  const { code, stderr } = await run(["refresh"]);
  expect([code, stderr]).toEqual([0, expect.stringContaining(`refresh on stack dev: ${target()}\n`)]);
});

const UNREADABLE = [
  "host=db.example user=me password=hunter2",
  "postgres:/me:hunter2@db.example/x",
  "me:hunter2@db.example/x",
  "mysql://me:hunter2@db.example/x",
  "postgres://me:hun#hunter2@db.example/x",
  "postgres://:hunter2@db.example/x",
];

test.each([
  ...UNREADABLE.map((url) => ["up", url]),
  ...["preview", "gate", "pulumi config", "db url"].map((command) => [command, UNREADABLE[4]]),
])("%s refuses %s in one line that shows nothing of it", async (command, DATABASE_URL) => {
  const { code, stdout, stderr } = await run(command.split(" "), { DATABASE_URL });
  expect({ code, stdout }).toEqual({ code: EXIT.configuration, stdout: "" });
  expect(stderr).toMatch(/^DATABASE_URL [^\n]* Nothing was started\.\n$/);
  expect(stderr).not.toMatch(/hunter2|hun#|db\.example/);
});
