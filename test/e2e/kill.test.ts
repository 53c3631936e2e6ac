import type { QueryResultRow } from "pg";
import { catalogAndRows, differences, type Snapshot } from "../support/database/compare";
import { strike, type Blow } from "../support/faults/injection";
import { database, type TestDatabase } from "../support/database/database";
import { engine, type Engine } from "../support/pulumi/engine";
import { programOn } from "../support/pulumi/program";
import { leftovers, succeed } from "../support/pulumi/operator";
import { shapeOf, withoutOwnFiles } from "../support/pulumi/outcome";
import { random, SEED } from "../support/faults/random";
import { bury, npmRun } from "../support/faults/process-under-test";

/*
 * Commands are killed as hard as it gets, and the next one has to end exactly where an undisturbed one would have.
 * More of it, drawn by chance: CHAOS_RUNS=100 CHAOS_SEED=1 npm test -- test/engine/kill
 */
const RUNS = Number(process.env.CHAOS_RUNS ?? 0);

let db: TestDatabase;
let stack: Engine;
let baseline: Snapshot;
let end: Snapshot;

beforeAll(async () => {
  db = await database("signed");
  stack = engine(db.url);
  const calls = programOn(db, { evidence: `${stack.folder}/evidence` });
  baseline = await catalogAndRows(db.url);
  const states = await calls.up();
  end = shapeOf(await catalogAndRows(db.url));
  for (const state of states.reverse()) await calls.destroy(state);
});

afterAll(async () => {
  stack.remove();
  await db.drop();
});

const strikeAll = async (blows: Blow[]) => {
  for (const blow of blows) await strike(db.url, stack, blow);
};

/** One command must do: what the kills left behind is cleared and said. */
async function converge(command: "up" | "destroy"): Promise<string> {
  const { output } = await succeed(npmRun(stack, command, "--skip-preview").finally(bury));
  const now = await catalogAndRows(db.url);
  const left = command === "up" ? differences(end, shapeOf(now)) : differences(baseline, withoutOwnFiles(now));
  expect(left).toEqual([]);
  expect(stack.resources()).toHaveLength(command === "up" ? 8 : 0);
  return output;
}

describe("a command is killed", () => {
  test("provider, then all after a COMMIT that the state never saw: up clears what they left, says so, and adopts", async () => {
    await strikeAll([
      { command: "up", what: "provider", when: { inside: 2 } },
      { command: "up", what: "all", when: { committed: 3 } },
    ]);
    const output = await converge("up");
    expect(output).toMatch(/Process \d+ died while it held the lock of stack dev/);
    expect(output).toContain("A run was killed while it created tier-3-ownership-seed");
    expect(output).toMatch(/Tier 3 was applied on .* adopted, nothing was changed/);
  });

  test("CLI, server, then all after the COMMIT of a rollback: destroy goes on where they ended", async () => {
    await strikeAll([
      { command: "destroy", what: "cli", when: { inside: 5 } },
      { command: "destroy", what: "server", when: { inside: 4 } },
      { command: "destroy", what: "all", when: { committed: 3 } },
    ]);
    expect(await converge("destroy")).toContain(
      "Tier 3 (Ownership seed) is not in the ledger and nothing of it is there",
    );
    // The server was gone for a while, and with it the connections of this test.
    const fresh = await db.connect();
    const query = async <Row extends QueryResultRow>(sql: string) => (await fresh.query<Row>(sql)).rows;
    expect(await leftovers({ ...db, query })).toEqual([]);
  });
});

/** A blow drawn by chance, at a moment that is aimed at in two of three cases. */
function draw(next: () => number): Blow {
  const pick = <T>(...choices: T[]): T => choices[Math.floor(next() * choices.length)];
  const tier = pick(1, 2, 3, 4, 5, 6);
  return {
    command: pick("up", "destroy"),
    what: pick("all", "provider", "cli", "server"),
    when: pick<Blow["when"]>({ inside: tier }, { committed: tier }, { after: Math.round(next() * 6_000) }),
  };
}

(RUNS ? test : test.skip)(
  `${RUNS} blows drawn by seed ${SEED}`,
  async () => {
    const next = random(SEED);
    for (let blows = 0; blows < RUNS;) {
      const series = Array.from({ length: 1 + Math.floor(next() * 3) }, () => draw(next));
      blows += series.length;
      await strikeAll(series);
      const command = next() < 0.5 ? "up" : "destroy";
      process.stderr.write(`${new Date().toISOString()} ${blows}: ${JSON.stringify(series)} then ${command}\n`);
      await converge(command);
    }
  },
  Math.max(RUNS, 1) * 120_000,
);
