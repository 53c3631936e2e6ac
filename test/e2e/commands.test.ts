import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { EXIT } from "../../cli/exit-codes";
import { temporaryFolder } from "../support/folder";

/*
 * What the npm scripts do around the real CLI. The database is named and not there: nothing here gets as far as that.
 */

jest.setTimeout(240_000);

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

function run(args: string[], env: NodeJS.ProcessEnv = {}): { code: number | null; output: string } {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PULUMI_(?!HOME)|PG|DATABASE_URL)/.test(name));
  const { status, stdout, stderr } = spawnSync(process.execPath, ["cli/main.js", ...args], {
    env: {
      ...Object.fromEntries(inherited),
      DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
      ONE_ROOF_HOME: folder,
      ...env,
    },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { code: status, output: stdout + stderr };
}

describe("the dev stack in our own backend", () => {
  test("is there at the first command, without a failure, whatever passphrase the developer uses elsewhere", () => {
    const passphrase = path.join(folder, "passphrase");
    writeFileSync(passphrase, "from a file\n");
    const first = run(["pulumi", "stack", "export"], { PULUMI_CONFIG_PASSPHRASE: "my own" });
    expect(first.output).toContain("Created stack 'dev'");
    expect(first.output).not.toMatch(/error:|incorrect/i);
    expect(first.code).toBe(0);
    const second = run(["refresh", "--yes"], { PULUMI_CONFIG_PASSPHRASE_FILE: passphrase });
    expect(second.output).not.toMatch(/error:|incorrect|Created/i);
  });
});

describe("a local backend of the caller's own", () => {
  const backend = () => ({ PULUMI_BACKEND_URL: pathToFileURL(folder).href });
  const state = () => path.join(folder, ".pulumi");
  const locks = () => path.join(state(), "locks", "organization", "one-roof", "dev");

  /** The lock of a process that ended long ago, or that cannot be seen from here. */
  function lock(hostname: string): void {
    const { pid } = spawnSync("true");
    mkdirSync(locks(), { recursive: true });
    const content = { pid, username: "somebody", hostname, timestamp: new Date(Date.now() - 60_000).toISOString() };
    writeFileSync(path.join(locks(), "0.json"), JSON.stringify(content));
  }

  test("gets its stack when a command has missed it, and the command is run again", () => {
    const { code, output } = run(["pulumi", "stack", "export"], backend());
    expect(output).toMatch(/There is no stack dev in this backend yet.*Created stack 'dev'/s);
    expect(code).toBe(0);
  });

  test("loses the lock of a dead process when that has stopped a command, and never the lock of another", () => {
    run(["pulumi", "stack", "init", "dev"], backend());
    lock("elsewhere");
    const refused = run(["refresh", "--yes"], backend());
    expect(refused.output).toMatch(/Stack dev is locked by process \d+ of somebody on elsewhere since/);
    expect(refused.code).toBe(EXIT.locked);
    expect(readdirSync(locks())).toHaveLength(1);
    lock(os.hostname());
    const cleared = run(["refresh", "--yes"], backend());
    expect(cleared.output).toMatch(/Process \d+ died while it held the lock of stack dev/);
    expect(readdirSync(locks())).toEqual([]);
    expect(cleared.code).toBe(0);
  });
});
