import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { engineErrors } from "../../cli/pulumi/engine-errors";
import { lifeOf, locksNamed, removeLock, type StackLock } from "../../cli/pulumi/locks";
import { readCommandLine } from "../../cli/pulumi/command-line";
import { atEnd } from "../support/clean-up";
import { temporaryFolder } from "../support/folder";
import { until } from "../support/until";

/* Whose a lock is, and whether whoever took it is alive: as Pulumi says it, and by the processes of this machine. */

const REFUSAL =
  "error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.\n" +
  "  s3://state/.pulumi/locks/organization/one-roof/prod/4a.json?region=us-east-1: created by CORP\\anna@example.org@runner-7 (pid 4711) at 2026-11-29T01:02:03Z\n" +
  "  file:///a%20b/5c.json?no_tmp_dir=true: created by root@vm (pid 12) at 2026-11-29T02:02:03+01:00\n";

/** When the lock was taken, in milliseconds. */
const TAKEN = Date.now();

const HERE = "file:///nowhere/lock.json?no_tmp_dir=true";
const IN_A_BUCKET = "s3://state/lock.json";

const lock = (changes: Partial<StackLock>): StackLock => ({
  url: HERE,
  pid: process.pid,
  user: "root",
  host: os.hostname(),
  since: TAKEN,
  ...changes,
});

/** A process that is called as the CLI is. */
function pulumi(): ChildProcess {
  const program = path.join(temporaryFolder(), "pulumi");
  copyFileSync(spawnSync("which", ["sleep"], { encoding: "utf8" }).stdout.trim(), program);
  const child = spawn(program, ["60"], { stdio: "ignore" });
  atEnd(() => child.kill("SIGKILL"));
  return child;
}

test("all that Pulumi names is read", () => {
  const since = Date.parse("2026-11-29T01:02:03Z");
  expect(locksNamed(REFUSAL)).toEqual([
    {
      url: "s3://state/.pulumi/locks/organization/one-roof/prod/4a.json?region=us-east-1",
      user: "CORP\\anna@example.org",
      host: "runner-7",
      pid: 4711,
      since,
    },
    { url: "file:///a%20b/5c.json?no_tmp_dir=true", user: "root", host: "vm", pid: 12, since },
  ]);
  expect(locksNamed("error: something else\n")).toEqual([]);
});

describe("whoever took a lock", () => {
  const ended = spawnSync("true").pid;

  test("is dead if this machine has no such process, and the lock lies in a folder", () => {
    expect(lifeOf(lock({ pid: ended }))).toBe("dead");
  });

  test("is not known to be dead in a backend that machines of the same name may share", () => {
    expect(lifeOf(lock({ pid: ended, url: IN_A_BUCKET }))).toBe("unproven");
  });

  test.each([HERE, IN_A_BUCKET])("on another host is not looked for here: %s", (url) => {
    expect(lifeOf(lock({ pid: ended, host: "runner-7", url }))).toBe("elsewhere");
  });

  test("is dead if its number belongs to another program now", () => {
    expect(lifeOf(lock({ pid: process.pid }))).toBe("dead");
  });

  test("is alive if it is a Pulumi that was there when the lock was taken, and dead if that one began later", () => {
    const { pid = 0 } = pulumi();
    expect(lifeOf(lock({ pid, since: Date.now() }))).toBe("alive");
    expect(lifeOf(lock({ pid, since: Date.now(), url: IN_A_BUCKET }))).toBe("alive");
    expect(lifeOf(lock({ pid, since: Date.now() - 3_600_000 }))).toBe("dead");
  });

  test("is dead if it was killed and nobody has reaped it", async () => {
    const child = spawn("sh", ["-c", `"$0" 1 & echo $!; exec sleep 60`, await named("pulumi")], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    atEnd(() => child.kill("SIGKILL"));
    const pid = Number(await new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(`${data}`))));
    // It ends after the shell has become something that reaps nobody.
    const state = () => spawnSync("ps", ["-o", "stat=", "-p", `${pid}`], { encoding: "utf8" }).stdout;
    await until(() => Promise.resolve(state().includes("Z")), 10_000);
    expect(lifeOf(lock({ pid, since: Date.now() }))).toBe("dead");
  });

  async function named(name: string): Promise<string> {
    const program = path.join(temporaryFolder(), name);
    copyFileSync(spawnSync("which", ["sleep"], { encoding: "utf8" }).stdout.trim(), program);
    return program;
  }
});

test("exactly the lock that was judged is taken away, and none that has come since", () => {
  const folder = path.join(temporaryFolder(), "with a space");
  mkdirSync(folder);
  const file = path.join(folder, "0.json");
  const judged = lock({ url: `${pathToFileURL(file).href}?no_tmp_dir=true`, pid: 12, host: "vm" });
  writeFileSync(file, JSON.stringify({ pid: 13, hostname: "vm" }));
  expect(removeLock(judged)).toBe(false);
  expect(existsSync(file)).toBe(true);
  writeFileSync(file, JSON.stringify({ pid: 12, hostname: "vm" }));
  writeFileSync(`${file}.attrs`, "{}");
  expect(removeLock(judged)).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
  expect(removeLock(judged)).toBe(false);
  expect(removeLock({ ...judged, url: IN_A_BUCKET })).toBe(false);
});

describe("what the CLI says on standard error", () => {
  /** What is shown and what is kept, of a text that comes in pieces that end at these places. */
  function shown(text: string, cuts: readonly number[]): { seen: string; kept: string; wrong: string | undefined } {
    const bytes = Buffer.from(text);
    const seen: Buffer[] = [];
    const write = jest
      .spyOn(process.stderr, "write")
      .mockImplementation((chunk) => Boolean(seen.push(Buffer.from(chunk))));
    try {
      const errors = engineErrors(readCommandLine(["up"]))!;
      const places = [0, ...cuts.map((cut) => cut % bytes.length).sort((one, other) => one - other), bytes.length];
      for (const [index, from] of places.slice(0, -1).entries())
        errors.onError(bytes.subarray(from, places[index + 1]));
      return { seen: Buffer.concat(seen).toString("utf8"), kept: errors.kept(), wrong: errors.wrong() };
    } finally {
      write.mockRestore();
    }
  }

  const cuts = fc.array(fc.nat(), { maxLength: 20 });

  test("is shown as it comes, whatever the pieces", () => {
    fc.assert(
      fc.property(cuts, (places) => {
        const text = "warning: Überlauf ✅\nerror: the stack is something else\nEnter your passphrase: ";
        expect(shown(text, places)).toEqual({ seen: text, kept: "", wrong: undefined });
      }),
    );
  });

  test("but for Pulumi's advice to take a lock away, whatever the pieces and colours", () => {
    const coloured = REFUSAL.replace("error: ", "\x1b[38;5;1merror: \x1b[0m\x1b[0m");
    fc.assert(
      fc.property(cuts, fc.constantFrom(REFUSAL, coloured), (places, refusal) => {
        expect(shown(`warning: ✅\n${refusal}`, places)).toMatchObject({ seen: "warning: ✅\n", kept: REFUSAL });
      }),
    );
  });

  test.each([
    ["unknown flag: --taget", "options"],
    ["unknown shorthand flag: 'w' in -w", "options"],
    ["flag needs an argument: --plan", "options"],
    ["getting stack configuration: get stack secrets manager: incorrect passphrase", "passphrase"],
  ])("tells what was wrong before anything began: %s", (what, wrong) => {
    fc.assert(fc.property(cuts, (places) => expect(shown(`error: ${what}\n`, places).wrong).toBe(wrong)));
  });

  test("goes to the terminal directly in a command that takes no lock", () => {
    expect(engineErrors(readCommandLine(["stack", "export"]))).toBeUndefined();
  });
});
