/** What README and runbook show is what the commands print. `npm run samples` writes it anew. */
import { copy, database, RATIFIED, templateName, type TestDatabase } from "../support/database/database";
import { PER_TIER_ROLLBACK, RUN_ALL, text } from "../support/database/files";
import {
  another,
  drifted,
  locked,
  LONG,
  lost,
  operatorOn,
  refusedBackByPsql,
  refusedByPsql,
  takenOver,
  WRITES,
} from "../support/sample-runs";
import { documented, lasting, render, type Shown, write } from "../support/samples";

jest.setTimeout(240_000);

/** The rollout as it goes, in a database that is called as production is. */
async function rolledOut(db: TestDatabase) {
  try {
    const { run: operator } = operatorOn(db);
    const byPsql = async (file: string) => (await db.psql(["-v", `ratified_apr=${RATIFIED}`, "-f", file])).stdout;
    return {
      refusedUp: await refusedByPsql(db),
      runAll: await byPsql(RUN_ALL),
      refusedDown: await refusedBackByPsql(db),
      rollBack: await byPsql(PER_TIER_ROLLBACK),
      ready: await operator("gate", 0),
      // The first of them makes the stack, which says so.
      preview: (await operator("preview", 0)).replace(/^[^]*?(?=^Previewing update)/m, ""),
      up: await operator("up", 0, "--yes"),
      again: await operator("up", 0, "--yes"),
      standing: await operator("gate", 0),
      status: await operator("status", 0),
      destroy: await operator("destroy", 0, "--yes"),
    };
  } finally {
    await db.drop();
  }
}

/** A refusal, what a preview tells on request, and what else keeps an operator from a rollout or from its state. */
async function refused(db: TestDatabase) {
  const operator = operatorOn(db);
  const gate = await operator.run("gate", 10);
  const preview = await operator.run("preview", 10);
  await db.query(text("sql/baseline/sign.sql"));
  const diff = await operator.run("preview", 0, "--diff");
  const inTheWay = { ...(await another(db, operator)), ...(await locked(db, operator)) };
  const after = { ...(await drifted(db, operator)), ...(await lost(operator)), ...(await takenOver()) };
  return { gate, preview, diff, more: { ...inTheWay, ...after } };
}

const RESOURCES = /^Resources:\n(?: +.*\n?)+/gm;

function samplesOf(
  rolled: Awaited<ReturnType<typeof rolledOut>>,
  unsigned: Awaited<ReturnType<typeof refused>>,
): Record<string, Shown[]> {
  const { runAll, rollBack, ready, preview, up, again, standing, destroy } = rolled;
  const psql = "psql -v ON_ERROR_STOP=1";
  return {
    ...rolled.refusedUp,
    "psql-locked-back": rolled.refusedDown,
    status: [{ typed: "npm run -s status", output: rolled.status }],
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
    ...unsigned.more,
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
  if (WRITES) write(samples);
});

test("the documents hold every sample, and none that nothing makes", () => {
  const made = new Set([...samples.keys(), ...LONG]);
  expect([...new Set(documented().map(({ name }) => name))].sort()).toEqual([...made].sort());
});

test("each is what a run of today prints; if that is meant: npm run samples", () => {
  for (const { document, name, lines } of documented().filter((each) => samples.has(each.name))) {
    expect([document, name, lasting(lines)]).toEqual([document, name, lasting(samples.get(name) ?? [])]);
  }
});
