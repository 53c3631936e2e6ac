import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { EXIT } from "../../cli/exit-codes";
import { engineFolder, engineVersion } from "../../cli/pulumi/engine";
import { CLI, copyFoundEngine, shareEngine, sharedEngine } from "../../cli/pulumi/engine-search";
import { program } from "../support/database/psql";
import { temporaryFolder } from "../support/folder";
import { asRoot, NOBODY } from "../support/users";

/*
 * Nobody waits minutes for a CLI to be built that is on this machine already. There is no Go on the PATH here, and no PULUMI_HOME.
 */

const NODE = path.dirname(process.execPath);
const VERSION = engineVersion();

/** A home that has never seen a CLI. */
function emptyHome(): string {
  const home = temporaryFolder();
  chmodSync(home, 0o700);
  return home;
}

function ask(home: string, env: NodeJS.ProcessEnv) {
  // With a database of its own, which is never asked, nothing embedded is started.
  const database = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" };
  const bare = { HOME: home, ONE_ROOF_HOME: home, PULUMI_HOME: undefined, PATH: NODE, ...database };
  return program(process.execPath, ["cli/main.js", "pulumi", "version"], { ...bare, ...env });
}

const kept = (home: string) => readdirSync(path.join(home, ".pulumi", "versions", VERSION, "bin")).sort();
const WHOLE = expect.arrayContaining([...CLI, "pulumi-resource-pulumi-nodejs"]);

test("another HOME takes the CLI to which the PATH leads", async () => {
  const home = emptyHome();
  const asked = await ask(home, { PATH: [NODE, engineFolder()].join(path.delimiter) });
  expect(asked).toMatchObject({ code: 0, stdout: `v${VERSION}\n` });
  expect(asked.stderr).toMatch(new RegExp(`^Copying the Pulumi CLI ${VERSION} from \\S+ \\.\\.\\.\n`));
  expect(kept(home)).toEqual(WHOLE);
});

asRoot("another user takes the one that root has left for all", async () => {
  shareEngine(VERSION, engineFolder());
  // Where everybody may go: our own temporary folder is open to us alone.
  const home = temporaryFolder("/tmp");
  chownSync(home, NOBODY, NOBODY);
  const take = `process.setgid(${NOBODY}); process.setuid(${NOBODY});
    process.exit(copyFoundEngine("${VERSION}", process.env.HOME + "/bin") ? 0 : 1)`;
  const loaded = `require("./provider/loader.js"); const { copyFoundEngine } = require("./cli/pulumi/engine-search"); ${take}`;
  const { code, stderr } = await program(process.execPath, ["-e", loaded], { HOME: home, PATH: NODE });
  expect([code, stderr]).toEqual([0, `Copying the Pulumi CLI ${VERSION} from ${sharedEngine(VERSION)} ...\n`]);
  expect(readdirSync(path.join(home, "bin"))).toEqual(WHOLE);
});

test("one that others could have put there is not run, and neither is one of another version or a part", () => {
  jest.spyOn(console, "error").mockReturnValue();
  const place = path.join(temporaryFolder(), "bin");
  const target = path.join(temporaryFolder(), "bin");
  mkdirSync(place);
  copyFileSync(path.join(engineFolder(), CLI[0]), path.join(place, CLI[0]));
  expect(copyFoundEngine(VERSION, target, [place])).toBe(false);

  copyFileSync(path.join(engineFolder(), CLI[1]), path.join(place, CLI[1]));
  expect(copyFoundEngine("3.0.0", target, [place])).toBe(false);
  chmodSync(place, 0o777);
  expect(copyFoundEngine(VERSION, target, [place])).toBe(false);
  expect(existsSync(target)).toBe(false);

  chmodSync(place, 0o755);
  expect(copyFoundEngine(VERSION, target, [place])).toBe(true);
});

test("a PULUMI_HOME that cannot be is refused at once, also in a pseudo file system, where Node's own mkdir never returns", async () => {
  const home = emptyHome();
  const { code, stderr } = await ask(home, { PULUMI_HOME: "/proc/pulumi" });
  expect(code).toBe(EXIT.configuration);
  expect(stderr).toMatch(
    /^The Pulumi CLI cannot be kept in \/proc\/pulumi.*\nSet PULUMI_HOME to a folder that is writable\./,
  );
});
