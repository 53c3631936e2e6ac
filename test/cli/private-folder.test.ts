import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { projectKey } from "../../cli/project";
import { program } from "../support/database/psql";
import { temporaryFolder } from "../support/folder";
import { asRoot, NOBODY } from "../support/users";

/*
 * tsx runs what it finds in a folder of the temporary folder whose name anybody can foresee. Another local user has made
 * that folder first and put code there, or has made it ours to trust: none of our processes runs it.
 */

/** What some process of ours does first: loads TypeScript. The tiers are many files, and need no server. */
const LOAD_TIERS = `require("./tiers")`;
const AS_PROGRAM = `require("./provider/loader.js"); ${LOAD_TIERS}`;
const AS_PACK = `require("module")._load = ((load) => (name, ...rest) => name === "./pack" ? ${LOAD_TIERS} : load(name, ...rest))(require("module")._load); require("./policy/index.js")`;
const AS_STORED = `require("require-from-string")(require("fs").readFileSync("provider/resource/stored-provider.js", "utf8")).handler().diff("", {}, {}).catch(() => 0)`;

let shared: string;
let marker: string;

/** A temporary folder that all users share, with a poisoned cache for everything that `LOAD_TIERS` and the rest compile. */
beforeEach(async () => {
  shared = temporaryFolder();
  chmodSync(shared, 0o1777);
  marker = path.join(temporaryFolder(), "executed");
  for (const code of [AS_PROGRAM, AS_STORED]) await node(code);
  await gate(temporaryFolder());
  const evil = `require("node:fs").writeFileSync(${JSON.stringify(marker)}, "");`;
  const entries = readdirSync(cache()).map((name) => path.join(cache(), name));
  expect(entries.length).toBeGreaterThan(10);
  for (const entry of entries) {
    const cached = JSON.parse(readFileSync(entry, "utf8")) as { code: string };
    writeFileSync(entry, JSON.stringify({ ...cached, code: evil + cached.code }));
  }
});

const cache = () => path.join(shared, readdirSync(shared).find((name) => name.startsWith("tsx-")) ?? "none");

const node = (code: string) => program(process.execPath, ["-e", code], { TMPDIR: shared });

const gate = (home: string, ...args: string[]) =>
  program(process.execPath, ["cli/main.js", "gate", "--help", ...args], { TMPDIR: shared, ONE_ROOF_HOME: home });

asRoot.each([
  ["the program", AS_PROGRAM],
  ["the pack", AS_PACK],
  ["a stored provider", AS_STORED],
])("%s under raw pulumi", async (_, code) => {
  chownSync(cache(), NOBODY, NOBODY);
  const { code: status, stderr } = await node(code);
  expect([status, stderr]).toEqual([0, ""]);
  expect(existsSync(marker)).toBe(false);
  // What it would have been.
  await node(`require("tsx/cjs"); ${LOAD_TIERS}`);
  expect(existsSync(marker)).toBe(true);
});

test("the commands, in whatever temporary folder they are started", async () => {
  const home = temporaryFolder();
  const { code, stderr } = await gate(home);
  expect([code, stderr]).toEqual([0, ""]);
  expect(existsSync(marker)).toBe(false);
  const own = path.join(home, projectKey, "tmp");
  expect(lstatSync(own).mode & 0o777).toBe(0o700);
  expect(readdirSync(own)).toEqual([expect.stringMatching(/^tsx-/)]);
});

test("a folder that all may write is trusted no more than what is in it", async () => {
  chmodSync(cache(), 0o777);
  await node(AS_PROGRAM);
  expect(existsSync(marker)).toBe(false);
});

describe("in the place of the private folder", () => {
  test("a symbolic link is refused by name", async () => {
    const home = temporaryFolder();
    mkdirSync(path.join(home, projectKey));
    symlinkSync(shared, path.join(home, projectKey, "tmp"));
    const { code, stdout, stderr } = await gate(home);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^\S+\/tmp must be a folder of your own, but it is a symbolic link: .* Nothing was started\. .*\n$/,
    );
  });

  asRoot("a folder of another user is refused by name", async () => {
    const home = temporaryFolder();
    mkdirSync(path.join(home, projectKey, "tmp"), { recursive: true });
    chownSync(path.join(home, projectKey, "tmp"), NOBODY, NOBODY);
    expect((await gate(home)).stderr).toContain(`but it is a folder of user ${NOBODY}`);
  });

  test("our own that was open to others is emptied and closed", async () => {
    const home = temporaryFolder();
    const own = path.join(home, projectKey, "tmp");
    mkdirSync(own, { recursive: true });
    chmodSync(own, 0o777);
    symlinkSync(cache(), path.join(own, path.basename(cache())));
    expect((await gate(home)).code).toBe(0);
    expect(existsSync(marker)).toBe(false);
    expect(lstatSync(own).mode & 0o777).toBe(0o700);
  });
});

test("a home that others can rename, or that cannot be made, gives way to a folder for this command alone", async () => {
  const open = temporaryFolder();
  chmodSync(open, 0o777);
  for (const home of [path.join(open, "home"), "/proc/one-roof"]) {
    const { code, stderr } = await gate(home);
    expect([code, stderr]).toEqual([0, ""]);
    expect(existsSync(marker)).toBe(false);
  }
  expect(readdirSync(shared)).toEqual([path.basename(cache())]);
});
