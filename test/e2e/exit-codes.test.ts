import { appendFileSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { EXIT } from "../../cli/exit-codes";
import { atEnd } from "../support/clean-up";
import { catalogAndRows, differences } from "../support/database/compare";
import { withDatabase, type TestDatabase } from "../support/database/database";
import { program, type PsqlResult } from "../support/database/psql";
import * as faults from "../support/faults/faults";
import { temporaryFolder } from "../support/folder";
import { refusals } from "../support/pulumi/display";
import { type Engine, withEngine } from "../support/pulumi/engine";
import { type AtTerminal, atTerminal, type Typed } from "../support/terminal";

/** How our commands end, through the real CLI: told by what the run has told, not by its words. */

type Config = Record<string, string | undefined>;

/** One of our commands on the stack and the database of an engine of the tests. */
function npmRun(stack: Engine, args: readonly string[]): Promise<PsqlResult> {
  return own(withFile(stack, args), ownHome(stack));
}

function own(args: readonly string[], env: NodeJS.ProcessEnv): Promise<PsqlResult> {
  return program(process.execPath, ["cli/main.js", ...args], env);
}

function ownHome({ env, folder }: Engine): NodeJS.ProcessEnv {
  return { ...env, ONE_ROOF_HOME: folder };
}

function withFile(stack: Engine, args: readonly string[]): string[] {
  return [...args, "--config-file", path.join(stack.folder, "Pulumi.dev.yaml")];
}

function onTerminal(stack: Engine, args: readonly string[], typed: readonly Typed[]) {
  return atTerminal([process.execPath, "cli/main.js", ...withFile(stack, args)], ownHome(stack), typed);
}

async function withStack<T>(config: Config, use: (stack: Engine, db: TestDatabase) => Promise<T>): Promise<T> {
  return withDatabase("signed", (db) =>
    withEngine(db.url, { config }, async (stack) => {
      // At a terminal Pulumi would ask whether to create it.
      await stack.ready();
      return use(stack, db);
    }),
  );
}

/** The command ends with this code, on a database that it leaves as it is. */
async function endsWith(stack: Engine, db: TestDatabase, args: readonly string[], code: number): Promise<string> {
  const before = await catalogAndRows(db.url);
  const ended = await npmRun(stack, args);
  expect([args, ended.code, ended.stderr]).toEqual([args, code, ended.stderr]);
  expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  return ended.stdout + ended.stderr;
}

test("refused by a gate, and by the rehearsal where the pack is off, although the CLI is content with it", async () => {
  await withStack({}, async (stack, db) => {
    await db.query(faults.NO_APPROVAL);
    const said = await endsWith(stack, db, ["preview"], EXIT.refused);
    const refused = refusals(said);
    expect(refused.length).toBeGreaterThan(1);
    expect(refused.filter((lines) => lines.length > 4 || lines.some((line) => line.length > 100))).toEqual([]);
    // Each line once: nothing that is in a row stands in a list too.
    const lines = said.split("\n").filter((line) => line.trim());
    expect(lines.filter((line, index) => lines.indexOf(line) !== index)).toEqual([]);
    expect(said).not.toMatch(/Rehearsed in|strong lock/i);
    stack.env.PULUMI_OPTION_POLICY_PACK = "";
    await endsWith(stack, db, ["preview"], EXIT.refused);
  });
});

test("a server that is not there", async () => {
  await withStack({}, async (stack, db) => {
    stack.env.DATABASE_URL = "postgres://nobody@127.0.0.1:1/directus";
    await endsWith(stack, db, ["destroy", "--yes"], EXIT.unreachable);
    for (const args of [["gate"], ["access", "audit"]]) {
      expect([args, (await own(args, ownHome(stack))).code]).toEqual([args, EXIT.unreachable]);
    }
  });
});

test.each([
  ["gate", "--no-such-option"],
  ["access", "no-such-action"],
  ["db", "no-such-action"],
  ["manifest", "what"],
  ["example", "what"],
  ["check", "what"],
  ["chaos", "one", "two"],
  ["preview", "--config-file", "cli/main.js"],
  ["no-such-command"],
])("a command line that is not usable: %s", async (...args) => {
  const home = temporaryFolder();
  const env = { ...process.env, ONE_ROOF_HOME: home, PULUMI_BACKEND_URL: pathToFileURL(home).href, PULUMI_STACK: "" };
  const { code, stdout, stderr } = await own(args, { ...env, DATABASE_URL: "postgres://nobody@127.0.0.1:1/directus" });
  expect([code, stdout + stderr]).toEqual([EXIT.configuration, stdout + stderr]);
});

describe("not rehearsed", () => {
  // A right that is missing is a gate that fails.
  test.each<[why: string, config: Config, login: string, sign: string]>([
    ["the configuration says so", { rehearse: "false" }, "postgres", "⚠"],
    ["the login may only read", {}, `reads_${process.pid}`, "❌"],
  ])("because %s: three signs in preview", async (_, config, login, sign) => {
    await withStack(config, async (stack, db) => {
      if (login !== "postgres") {
        await db.query(`CREATE ROLE ${login} LOGIN; GRANT pg_read_all_data, pg_read_all_stats TO ${login}`);
      }
      stack.env.DATABASE_URL = db.url.replace("//postgres@", `//${login}@`);
      const said = await endsWith(stack, db, ["preview"], EXIT.notRehearsed);
      expect(said).toMatch(new RegExp(`${sign}\\ufe0f? +one-roof@`, "u"));
      expect(said).not.toContain("✅");
      expect(said).toMatch(/^⚠ [^\n]{1,80}: NOT REHEARSED\n$/m);
      expect(said.trimEnd()).toMatch(/NOT REHEARSED$/);
      if (login !== "postgres") await db.query(`DROP OWNED BY ${login}; DROP ROLE ${login}`);
    });
  });
});

/** Without the ends of lines, at which a long one is broken at a terminal. */
const inOneLine = (output: string) => output.replace(/\s+/g, " ");

describe("a person at the terminal", () => {
  /** So many lines does a command take at the most: the first up, the second, destroy. */
  const BUDGET = [60, 12, 30];
  const LINE = /up on stack dev: (\S+) on 127\.0\.0\.1:\d+ as postgres: 8 tiers up, 43 objects, (\d+) rows To go on/;

  test("reads in one line what is about to happen to which database, and changes nothing by another answer", async () => {
    await withStack({}, async (stack, db) => {
      const before = await catalogAndRows(db.url);
      const { code, output } = await onTerminal(stack, ["up"], [{ after: /type yes: $/, keys: "y\r" }]);
      expect([code, LINE.exec(inOneLine(output))?.[1]]).toEqual([EXIT.declined, db.name]);
      expect(output).toContain("That is not yes: nothing was changed.");
      expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
    });
  });

  test("is not held to an answer: Ctrl-C at the question changes nothing, and says so by its own code", async () => {
    await withStack({}, async (stack, db) => {
      const before = await catalogAndRows(db.url);
      const keys = [{ after: /type yes: $/, keys: "\x03" }];
      const { code, output } = await onTerminal(stack, ["up", "--skip-preview"], keys);
      expect([code, output]).toEqual([130, expect.stringContaining("Nobody answered: nothing was changed.")]);
      expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
    });
  });

  test("says yes to what is then done, and to the way back", async () => {
    await withStack({}, async (stack, db) => {
      const yes = [{ after: /type yes: $/, keys: "yes\r" }];
      const up = await onTerminal(stack, ["up", "--strict"], yes);
      const said = LINE.exec(inOneLine(up.output));
      expect([up.code, said?.[1]]).toEqual([EXIT.done, db.name]);
      expect(up.output).toContain("Applied, each as in the preview: tiers 0, 1, 2, 3, 4, 5, 6, 8");
      const rows = await db.value<number>(
        `SELECT sum(own)::integer FROM one_roof_rollout.ledger, LATERAL (
           SELECT sum(value::integer) AS own FROM jsonb_each_text(report -> 'delta' -> 'rows')) AS counted`,
      );
      expect(Number(said?.[2])).toBe(rows);
      const again = await onTerminal(stack, ["up"], []);
      expect([again.code, again.output]).toEqual([EXIT.done, expect.stringMatching(/as postgres: nothing to do, /)]);
      expect(again.output).not.toContain("type yes");
      const down = await onTerminal(
        stack,
        ["pulumi", "down", "--skip-preview"],
        [{ after: /type yes: $/, keys: "no\r" }],
      );
      expect([down.code, inOneLine(down.output)]).toEqual([
        EXIT.declined,
        expect.stringContaining(": without a preview"),
      ]);
      const destroyed = await onTerminal(stack, ["destroy"], yes);
      expect([destroyed.code, inOneLine(destroyed.output)]).toEqual([
        EXIT.done,
        expect.stringContaining(`as postgres: 6 tiers back, 43 objects, ${rows} rows`),
      ]);
      expect(destroyed.output).toMatch(/^Rolled back and proven: tiers 6, 5, 4, 3, 2, 1\s+Evidence:\s+\S+\.json$/m);
      // A path takes as many lines as it is long.
      const withoutPath = ({ screen }: AtTerminal) =>
        screen.join("\n").replace(/^Evidence:[^]*?\.json$/m, "Evidence: …");
      const heights = [up, again, destroyed].map((shown) => withoutPath(shown).split("\n").length);
      expect(heights.map((height, index) => Math.max(height, BUDGET[index]))).toEqual(BUDGET);
      // A tier's row ends with how it ended: what was said of it would be cut there.
      const tiers = [...up.screen, ...destroyed.screen].filter((row) => / tier-\d.* (created|deleted) /.test(row));
      expect(tiers).toEqual(Array(16).fill(expect.stringMatching(/ed \([\d.]+m?s\) *$/)));
    });
  });

  test("is asked of a refresh too, which changes the state alone", async () => {
    await withStack({}, async (stack) => {
      const no = await onTerminal(stack, ["refresh"], [{ after: /type yes: $/, keys: "no\r" }]);
      expect([no.code, inOneLine(no.output)]).toEqual([
        EXIT.declined,
        expect.stringContaining("as postgres: only the stack's state To go on"),
      ]);
    });
  });

  test("is not asked where preview is refused", async () => {
    await withStack({}, async (stack, db) => {
      await db.query(faults.NO_APPROVAL);
      const { code, output } = await onTerminal(stack, ["up"], []);
      expect([code, output]).toEqual([EXIT.refused, expect.not.stringContaining("type yes")]);
    });
  });
});

describe("on a stack that others need", () => {
  const CLONE = `clone-${process.pid}`;

  test("destroy wants the name of the database, and yes is none", async () => {
    await withStack({}, async (stack, db) => {
      const env = { ...ownHome(stack), PULUMI_STACK: CLONE, PULUMI_CONFIG_PASSPHRASE: "of the clone" };
      // Pulumi writes what belongs to the passphrase into the project's folder, whatever else it is told.
      const salt = `Pulumi.${CLONE}.yaml`;
      atEnd(() => rmSync(salt, { force: true }));
      expect((await own(["pulumi", "stack", "init", CLONE], env)).code).toBe(EXIT.done);
      const digest = /^ +one-roof:release: (\w+)$/m.exec(readFileSync("Pulumi.prod.yaml", "utf8"))?.[1];
      stack.configure({ release: digest, access: "optional" });
      const config = readFileSync(path.join(stack.folder, "Pulumi.dev.yaml"), "utf8").replace(
        /^encryptionsalt: .*$/m,
        "",
      );
      appendFileSync(salt, config);
      const destroy = (name: string, ...command: string[]) =>
        atTerminal([process.execPath, "cli/main.js", ...command, "--skip-preview"], env, [
          { after: /the name of the database: $/, keys: `${name}\r` },
        ]);
      const before = await catalogAndRows(db.url);
      const refused = await destroy("yes", "pulumi", "destroy");
      expect([refused.code, refused.output]).toEqual([
        EXIT.declined,
        expect.stringContaining(`That is not ${db.name}: nothing was changed.`),
      ]);
      expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
      const agreed = await destroy(db.name, "destroy");
      expect([agreed.code, inOneLine(agreed.output)]).toEqual([
        EXIT.done,
        expect.stringContaining("no tier up or back"),
      ]);
      // A stack that never rolled out has nothing to delete, and gets nothing that would keep it from being removed.
      expect((await own(["pulumi", "stack", "rm", CLONE, "--yes"], env)).code).toBe(EXIT.done);
    });
  });
});
