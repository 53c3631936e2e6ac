// `npm run example`: the rollout of examples/harbour and the second release that follows it, from the first preview to the last proof, with the
// real CLI on a database of its own. It shows every command, checks how it ends and what it changed, and leaves nothing behind.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { inventoryDifferences, withScratchDatabase, type ScratchDatabase } from "../dev-database/scratch";
import { say } from "../console";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { withLock } from "../lock";
import { isTerminal, runInForeground } from "../process";
import { DEV_STACK, makeStateFolder, projectFolder, writeForOurselves } from "../project";
import { engineFolder, ensureEngine, pulumiHome } from "../pulumi/engine";
import type { Command } from "./index";

const FIRST = path.join(projectFolder, "examples", "harbour");
const SECOND = path.join(projectFolder, "examples", "harbour-second");
const DATABASE = "harbour";

/** True at every end: what is said is printed after the removal. */
const REMOVED = "Its database, its stack and its evidence are removed.";

interface Step {
  /** What there is to see. */
  about: string;
  args: string[];
  /** The release whose files it runs with. */
  release: string;
  /** The stop gate that has to refuse it. */
  refusedBy?: string;
  /** What has to be found in the database afterwards. */
  harbour: "as it was" | "changed";
}

const STEPS: Step[] = [
  {
    about: "All tiers are run on the harbour, measured, rolled back, and measured again. Nothing stays.",
    args: ["preview"],
    release: FIRST,
    harbour: "as it was",
  },
  {
    about: "Decree 1612/5 is not signed: its gate refuses, by name, before anything is applied.",
    args: ["up", "--config", "decree=1612/5"],
    release: FIRST,
    refusedBy: "decree",
    harbour: "as it was",
  },
  {
    about: "Decree 1612/4 is signed: each tier is applied, in a transaction of its own.",
    args: ["up", "--config", "decree=1612/4"],
    release: FIRST,
    harbour: "changed",
  },
  {
    about:
      "A second release appends tier 30, which changes what tier 10 made. Only that is applied, and the reckoning again.",
    args: ["preview"],
    release: SECOND,
    harbour: "changed",
  },
  {
    about: "What is there stays as it is; tier 30 goes on from it.",
    args: ["up"],
    release: SECOND,
    harbour: "changed",
  },
  {
    about: "Each tier is rolled back, the last one first, and proves that it left what it found.",
    args: ["destroy"],
    release: SECOND,
    harbour: "as it was",
  },
];

export const run: Command = async (args) => {
  if (args.length > 0) throw new Failure("Usage: npm run example", EXIT.configuration);
  const binary = await ensureEngine();
  writeForOurselves();
  const folder = path.join(makeStateFolder(), "example");
  const sql = fs.readFileSync(path.join(FIRST, "sql", "harbour.sql"), "utf8");
  await withLock(`${folder}.lock`, "running the example", async () => {
    try {
      // One that was killed may have left it.
      fs.rmSync(folder, { recursive: true, force: true });
      fs.mkdirSync(folder);
      await withScratchDatabase(DATABASE, sql, (database) => showRollout(database, binary, folder));
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
  say(`\nThe harbour is as it was. ${REMOVED}`);
  return 0;
};

async function showRollout({ url, takeInventory }: ScratchDatabase, binary: string, folder: string): Promise<void> {
  const env = environment(url, folder);
  const pulumi = (cwd: string, args: readonly string[], onOutput: (chunk: Buffer) => void) =>
    runInForeground(binary, args, env, { cwd, onOutput });
  await makeStack(pulumi, folder);
  const untouched = await takeInventory();
  say(
    `The database ${DATABASE} holds ${untouched.size} things: schemas, tables, columns, constraints, rows of a table …`,
  );
  let folderOf = FIRST;
  for (const { about, args, release, refusedBy, harbour } of STEPS) {
    const command = `pulumi ${args.join(" ")}`;
    if (release !== folderOf) enter(release, folder);
    folderOf = release;
    say(`\n$ ${command}\n# ${about}\n`);
    const chunks: Buffer[] = [];
    const { code, interrupted } = await pulumi(release, args, (chunk) => void chunks.push(chunk));
    if (interrupted) throw new Failure(`${command} was interrupted. ${REMOVED}`, code);
    requireOutcome(command, code, Buffer.concat(chunks).toString("utf8"), refusedBy);
    requireHarbour(command, harbour, inventoryDifferences(untouched, await takeInventory()));
  }
}

type Pulumi = (cwd: string, args: readonly string[], onOutput: (chunk: Buffer) => void) => Promise<{ code: number }>;

/** Goes on with the files of another release, and with its configuration. */
function enter(release: string, folder: string): void {
  say(`\n$ cd ${path.relative(projectFolder, release)}`);
  copyStackFile(release, folder);
}

/** The stack file is a copy: options of a command are kept in it, and the example's own stays as it is. */
function copyStackFile(release: string, folder: string): void {
  const stackFile = `Pulumi.${DEV_STACK}.yaml`;
  const evidence = path.join(folder, "evidence");
  const text = fs.readFileSync(path.join(release, stackFile), "utf8");
  fs.writeFileSync(
    path.join(folder, stackFile),
    text.replace(/^config:$/m, `config:\n  harbour:evidence: ${JSON.stringify(evidence)}`),
  );
}

async function makeStack(pulumi: Pulumi, folder: string): Promise<void> {
  copyStackFile(FIRST, folder);
  const args = ["stack", "init", DEV_STACK, "--no-select"];
  const { code } = await pulumi(FIRST, args, () => undefined);
  if (code !== 0) throw new Failure(`pulumi ${args.join(" ")} failed with exit code ${code}.`);
}

/** Nothing of the caller's own rollout, database or backend gets in. What is the same for every command is an option of the environment. */
function environment(url: string, folder: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PULUMI_|PG|ROLLOUT_|DATABASE_URL$)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    DATABASE_URL: url,
    PATH: engineFolder() + path.delimiter + (process.env.PATH ?? ""),
    PULUMI_BACKEND_URL: pathToFileURL(folder).href,
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_HOME: pulumiHome(),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_STACK: DEV_STACK,
    PULUMI_OPTION_COLOR: isTerminal() ? "always" : "never",
    PULUMI_OPTION_CONFIG_FILE: path.join(folder, `Pulumi.${DEV_STACK}.yaml`),
    PULUMI_OPTION_NON_INTERACTIVE: "true",
    PULUMI_OPTION_POLICY_PACK: "./policy",
    PULUMI_OPTION_SKIP_PREVIEW: "true",
    PULUMI_OPTION_SUPPRESS_PROGRESS: "true",
    PULUMI_OPTION_YES: "true",
  };
}

function requireOutcome(command: string, code: number, output: string, refusedBy: string | undefined): void {
  if (refusedBy === undefined) {
    if (code === 0) return;
    throw new Failure(
      `${command} failed with exit code ${code}, expected it to succeed. Why, it says above. ${REMOVED}`,
    );
  }
  const named = new RegExp(`\\[mandatory\\].*\\b${refusedBy}\\b`).test(output);
  if (code === 0 || !named) {
    throw new Failure(
      `${command}: expected a refusal by the stop gate ${refusedBy}, found exit code ${code}` +
        `${named ? "" : " and nothing said of that gate"}. ${REMOVED}`,
    );
  }
}

/** Compares the whole database with how it was before the first command. */
function requireHarbour(command: string, expected: Step["harbour"], differing: readonly string[]): void {
  const found = differing.length === 0 ? "as it was" : "changed";
  const what = differing.length > 0 ? `: ${differing.join(", ")}` : "";
  if (found !== expected) {
    throw new Failure(
      `After ${command} the harbour was expected to be ${expected}, but it is ${found}${what}. ${REMOVED}`,
    );
  }
  say(
    found === "changed"
      ? `Measured: ${differing.length} things in the harbour are new or changed.`
      : "Measured: everything in the harbour is as it was.",
  );
}
