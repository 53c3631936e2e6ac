import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { EXIT } from "../../cli/exit-codes";
import { atEnd } from "../support/clean-up";
import { temporaryFolder } from "../support/folder";
import { atTerminal } from "../support/terminal";

/*
 * Production cannot be missed or mistaken: any stack but the developer's brings its own database, backend and passphrase, and is there
 * before a command works on it. The database that is named is not there: nothing here gets as far as that.
 */

jest.setTimeout(240_000);

const DATABASE_URL = "postgres://rollout@127.0.0.1:1/directus";

let home: string;
let backend: string;

beforeEach(() => {
  home = temporaryFolder();
  backend = path.join(home, "state of the team");
  mkdirSync(backend);
});

function environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PULUMI_(?!HOME)|PG|DATABASE_URL)/.test(name));
  return { ...Object.fromEntries(inherited), ONE_ROOF_HOME: home, ...env };
}

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["cli/main.js", ...args], {
    env: environment(env),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { code: status, output: stdout + stderr };
}

const local = () => ({ PULUMI_BACKEND_URL: pathToFileURL(backend).href });

/** What a command has left anywhere: files of a stack in the project, and states. */
function traces(): string[] {
  const names = readdirSync(home, { recursive: true, encoding: "utf8" });
  const states = names.filter((name) => /\.pulumi.*\.json$/.test(name));
  return [
    ...states,
    ...readdirSync(".").filter((name) => /^Pulumi\.(?!dev\.|prod\.).*yaml$/.test(name) && name !== "Pulumi.yaml"),
  ];
}

describe("production", () => {
  test.each([[["preview"]], [["up", "--yes"]], [["destroy"]], [["pulumi", "up", "--yes"]]])(
    "by %j is refused with everything that is missing, each with what puts it right, and nothing is made",
    (args) => {
      const file = readFileSync("Pulumi.prod.yaml", "utf8");
      const { code, output } = run(args, { PULUMI_STACK: "prod" });
      expect(code).toBe(EXIT.configuration);
      expect(output).toMatch(/^Stack prod is not ready for (preview|up|destroy), and nothing was started:\n/);
      expect(output).toMatch(/- It has a database .* export DATABASE_URL=/);
      expect(output).toMatch(/- It keeps its state in the team's own backend.* export PULUMI_BACKEND_URL=s3:/);
      expect(output).toMatch(/- Its secrets .* none is given: export PULUMI_CONFIG_PASSPHRASE_FILE=FILE/);
      expect(traces()).toEqual([]);
      expect(readFileSync("Pulumi.prod.yaml", "utf8")).toBe(file);
    },
  );

  test("is not made in the developer's own backend either, whether the environment names it or the command", () => {
    for (const env of [{ PULUMI_STACK: "prod" }, {}]) {
      const { code, output } = run(["pulumi", "stack", "init", "prod"], { ...env, PULUMI_CONFIG_PASSPHRASE: "x" });
      expect([code, output]).toEqual([EXIT.configuration, expect.stringContaining("not ready for stack init")]);
      expect(output).toContain("export PULUMI_BACKEND_URL=s3://BUCKET");
    }
    expect(traces()).toEqual([]);
  });

  test("refuses a folder of one machine, an empty passphrase, and a connection that is not verified", () => {
    const exposed = { DATABASE_URL: "postgres://rollout@db.example/directus?sslmode=require" };
    const env = { ...local(), ...exposed, PULUMI_STACK: "prod", PULUMI_CONFIG_PASSPHRASE: "" };
    const { code, output } = run(["preview"], env);
    expect(code).toBe(EXIT.configuration);
    expect(output).toMatch(/- .*db\.example is not protected: expected sslmode=verify-full, found sslmode=require/);
    expect(output).toMatch(/- PULUMI_BACKEND_URL names a folder of this machine .* export PULUMI_STACK=clone\./);
    expect(output).toMatch(/- Its secrets .* the one that is given is empty: .* stack change-secrets-provider URL/);
    expect(traces()).toEqual([]);
  });
});

describe("a stack of another name", () => {
  const env = () => ({ ...local(), DATABASE_URL, PULUMI_CONFIG_PASSPHRASE: "of the clone" });

  test("that is misspelt is refused, with those that are there, and not made", () => {
    expect(run(["pulumi", "stack", "init", "dev"], { ...env(), PULUMI_CONFIG_PASSPHRASE: "" }).code).toBe(0);
    const before = traces();
    for (const args of [["preview"], ["pulumi", "config", "set", "database", "x"], ["pulumi", "stack", "export"]]) {
      const { code, output } = run(args, { ...env(), PULUMI_STACK: "prdo" });
      expect(code).toBe(EXIT.configuration);
      expect(output).toMatch(/^There is no stack prdo in the backend file:.* It has dev\. Nothing was started\.\n/);
      expect(output).toContain("npm run pulumi -- stack init prdo --secrets-provider URL");
    }
    expect(traces()).toEqual(before);
  });

  test("is not offered by Pulumi at a terminal either", async () => {
    const command = [process.execPath, "cli/main.js", "up"];
    const typed = [{ after: /press <ENTER>|choose a stack/, keys: "\r" }];
    const { code, output } = await atTerminal(command, environment({ ...env(), PULUMI_STACK: "prdo" }), typed);
    expect([code, output]).toEqual([EXIT.configuration, expect.stringContaining("There is no stack prdo")]);
    expect(traces()).toEqual([]);
  });

  test("is made as documented on a fresh clone, in a folder if the operator names one, and pins a release like production", () => {
    const name = `clone-${process.pid}`;
    const file = `Pulumi.${name}.yaml`;
    atEnd(() => rmSync(file, { force: true }));
    expect(run(["pulumi", "stack", "init", name], { ...env(), PULUMI_STACK: name })).toEqual({
      code: 0,
      output: expect.stringContaining(`Created stack '${name}'`),
    });
    expect(existsSync(file)).toBe(true);
    expect(run(["pulumi", "config", "set", "ratifiedApr", "APR-0211"], { ...env(), PULUMI_STACK: name }).code).toBe(0);
    const { code, output } = run(["preview"], { ...env(), PULUMI_STACK: name });
    expect(code).toBe(EXIT.configuration);
    expect(output).toMatch(/- It pins no release.*npm run pulumi -- config set release DIGEST/);
  });

  test("whose secrets a key service encrypts needs no passphrase", () => {
    const file = path.join(home, "Pulumi.kept.yaml");
    writeFileSync(file, "secretsprovider: awskms://alias/rollout\nconfig: {}\n");
    const settings = { ...env(), PULUMI_STACK: "kept", PULUMI_CONFIG_PASSPHRASE: "" };
    const { output } = run(["preview", "--config-file", file], settings);
    expect(output).not.toContain("passphrase");
    expect(output).toMatch(/It pins no release/);
  });
});
