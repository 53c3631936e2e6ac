/** What README and runbook show is what the commands print. `npm run samples` writes it anew. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { copy, database, RATIFIED, templateName, type TestDatabase } from "../support/database/database";
import { PER_TIER_ROLLBACK, RUN_ALL, text } from "../support/database/files";
import { temporaryFolder } from "../support/folder";
import { resultOf } from "../support/processes";
import { UNHURRIED } from "../support/pulumi/program";
import { documented, lasting, render, type Shown, write } from "../support/samples";

jest.setTimeout(240_000);

/** An operator on one database, whose commands ask nothing and whose state and evidence are for this test alone. */
function operatorOn(db: TestDatabase) {
  const home = temporaryFolder();
  const file = path.join(home, "Pulumi.dev.yaml");
  const own = {
    database: db.name,
    ratifiedApr: RATIFIED,
    holdBudget: UNHURRIED,
    evidence: path.join(home, "evidence"),
  };
  const salt = /^encryptionsalt: .*$/m.exec(readFileSync("Pulumi.dev.yaml", "utf8"))?.[0] ?? "";
  const values = Object.entries(own).map(([key, value]) => `  one-roof:${key}: ${value}\n`);
  writeFileSync(file, `${salt}\nconfig:\n${values.join("")}`);
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PULUMI_(?!HOME)|PG|ROLLOUT|DATABASE_URL)/.test(name),
  );
  const env = { ...Object.fromEntries(inherited), ONE_ROOF_HOME: home, DATABASE_URL: db.url, PULUMI_STACK: "dev" };
  return async (command: string, code: number, ...more: string[]): Promise<string> => {
    const args = ["cli/main.js", command, "--config-file", file, ...more];
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const result = await resultOf(child);
    expect([command, result.code, result.code === code ? "" : result.output]).toEqual([command, code, ""]);
    return result.output;
  };
}

/** The rollout as it goes, in a database that is called as production is. */
async function rolledOut(db: TestDatabase) {
  try {
    const operator = operatorOn(db);
    const byPsql = async (file: string) => (await db.psql(["-v", `ratified_apr=${RATIFIED}`, "-f", file])).stdout;
    return {
      runAll: await byPsql(RUN_ALL),
      rollBack: await byPsql(PER_TIER_ROLLBACK),
      ready: await operator("gate", 0),
      // The first of them makes the stack, which says so.
      preview: (await operator("preview", 0)).replace(/^[^]*?(?=^Previewing update)/m, ""),
      up: await operator("up", 0, "--yes"),
      again: await operator("up", 0, "--yes"),
      standing: await operator("gate", 0),
      destroy: await operator("destroy", 0, "--yes"),
    };
  } finally {
    await db.drop();
  }
}

/** A refusal, and what a preview tells on request. */
async function refused(db: TestDatabase) {
  const operator = operatorOn(db);
  const gate = await operator("gate", 10);
  const preview = await operator("preview", 10);
  await db.query(text("sql/baseline/sign.sql"));
  return { gate, preview, diff: await operator("preview", 0, "--diff") };
}

const RESOURCES = /^Resources:\n(?: +.*\n?)+/gm;

function samplesOf(
  { runAll, rollBack, ready, preview, up, again, standing, destroy }: Awaited<ReturnType<typeof rolledOut>>,
  unsigned: Awaited<ReturnType<typeof refused>>,
): Record<string, Shown[]> {
  const psql = "psql -v ON_ERROR_STOP=1";
  return {
    gate: [
      { typed: "npm run -s gate", output: ready },
      { typed: "npm run -s up", output: up, part: /^Updating[^]*/m, keep: [RESOURCES] },
      { typed: "npm run -s gate", output: standing },
    ],
    "gate-ready": [{ typed: "npm run -s gate", output: ready }],
    "gate-unsigned": [{ typed: "npm run -s gate", output: unsigned.gate }],
    preview: [
      {
        typed: "npm run preview",
        output: preview,
        keep: [
          /^(Policies|Diagnostics):\n.*$/gm,
          /^ +Rehearsed in .*$/gm,
          /^ +Tier [015] \(.*$/gm,
          /^ +Rolled back once more.*$/gm,
          RESOURCES,
        ],
      },
    ],
    diff: [
      {
        typed: "npm run preview -- --diff",
        output: unsigned.diff,
        part: /(?<=tier-3-ownership-seed\]\n[^]*?)^ +gates +: \{\n[^]*?^ {12}\}$/m,
        keep: [/^ +(gates|entry|exit) +: \{$/gm, /^ +own.*$/gm, /^ +\}$/gm],
      },
    ],
    up: [
      {
        typed: "npm run up",
        output: up,
        part: /^Updating[^]*/m,
        keep: [/^ {4}Tier [018] \(.*$/gm, RESOURCES],
      },
    ],
    again: [{ typed: "npm run up", output: again, part: /^Updating[^]*/m, keep: [RESOURCES] }],
    refusal: [
      {
        typed: "npm run preview",
        output: unsigned.preview,
        keep: [
          /^Policies:\n.*$/gm,
          /^ +- \[mandatory\] +ospa +[^]*?(?=\n +- \[)/gm,
          /^ +- \[mandatory\] +run_verdict .*$/gm,
        ],
      },
    ],
    destroy: [
      {
        typed: "npm run destroy",
        output: destroy,
        part: /^Destroying[^]*/m,
        keep: [/^ {4}Evidence: .*$/gm, /^ {4}Tier [31] \(.* proven: .*$/gm, RESOURCES],
      },
    ],
    psql: [{ typed: `${psql} -v ratified_apr=APR-0211 -f sql/prod/99_run_all.sql`, output: runAll }],
    "psql-rollback": [{ typed: `${psql} -f sql/prod_rollback/per_tier_rollback.sql`, output: rollBack }],
  };
}

let samples: Map<string, string[]>;

beforeAll(async () => {
  const unsigned = await database("unsigned");
  await (await database("signed")).drop();
  const directus = await copy(templateName("signed"), "directus");
  const shown = samplesOf(...(await Promise.all([rolledOut(directus), refused(unsigned)])));
  samples = new Map(Object.entries(shown).map(([name, parts]) => [name, render(parts)]));
  if (process.env.SAMPLES === "write") write(samples);
});

test("the documents hold every sample, and none that nothing makes", () => {
  expect([...new Set(documented().map(({ name }) => name))].sort()).toEqual([...samples.keys()].sort());
});

test("each is what a run of today prints; if that is meant: npm run samples", () => {
  for (const { document, name, lines } of documented()) {
    expect([document, name, lasting(lines)]).toEqual([document, name, lasting(samples.get(name) ?? [])]);
  }
});
