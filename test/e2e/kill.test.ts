import fc from "fast-check";
import type { QueryResultRow } from "pg";
import { type Fault, inject } from "../support/faults/injection";
import { database, type TestDatabase } from "../support/database/database";
import { engine, type Engine, WITHOUT_PACK } from "../support/pulumi/engine";
import { leftovers, succeed } from "../support/pulumi/operator";
import { type Ends, endsOf } from "../support/pulumi/outcome";
import { draw, onRequest, RUNS, SEED, thorough } from "../support/faults/random";
import { cleanUpProcesses, npmRun, startRaw, survivors } from "../support/faults/process-under-test";
import { until } from "../support/until";

/*
 * Commands are killed with SIGKILL, and the next one has to end exactly where an undisturbed one would have.
 * More of this, drawn at random: CHAOS_RUNS=100 CHAOS_SEED=1 npm test -- test/e2e/kill
 */

let db: TestDatabase;
let stack: Engine;
let ends: Ends;

beforeAll(async () => {
  db = await database("signed");
  stack = engine(db.url, WITHOUT_PACK);
  ends = await endsOf(db);
});

const injectAll = async (faults: Fault[]) => {
  for (const fault of faults) await inject(db.url, stack, fault);
};

/** A single command must suffice: it clears what the kills left behind, and says so. */
async function converge(command: "up" | "destroy"): Promise<string> {
  const { output } = await succeed(npmRun(stack, command, "--skip-preview").finally(cleanUpProcesses));
  expect(await (command === "up" ? ends.toEnd() : ends.toBaseline())).toEqual([]);
  expect(stack.resources()).toHaveLength(command === "up" ? 8 : 0);
  return output;
}

describe("a command is killed", () => {
  test("provider, then all after a COMMIT that the state never saw: up clears what they left, says so, and adopts", async () => {
    await injectAll([
      { command: "up", what: "provider", when: { inside: 2 } },
      { command: "up", what: "all", when: { committed: 3 } },
    ]);
    const output = await converge("up");
    expect(output).toMatch(/Process \d+ died while it held the lock of stack dev/);
    expect(output).toContain("A run was killed while it created tier-3-ownership-seed");
    expect(output).toMatch(/Tier 3 was applied on .* adopted, nothing was changed/);
  });

  test("CLI, server, then all after the COMMIT of a rollback: destroy goes on where they ended", async () => {
    await injectAll([
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

thorough("Pulumi by hand is killed in its rehearsal: nothing that it has started outlives it", async () => {
  const [fresh, blocker] = [await db.connect(), await db.connect()];
  await blocker.query("BEGIN; LOCK TABLE governance_registry IN ACCESS EXCLUSIVE MODE");
  const sessions = async () => {
    const { rows } = await fresh.query("SELECT FROM pg_stat_activity WHERE application_name LIKE 'one-roof%'");
    return rows.length;
  };
  const byHand = engine(db.url, WITHOUT_PACK);
  await byHand.ready();
  const running = startRaw(byHand, "up", "--yes", "--skip-preview");
  await until(async () => (await sessions()) > 0, 60_000);
  running.signal("cli", "SIGKILL");
  await running.ended;
  await until(async () => survivors().length === 0 && (await sessions()) === 0, 5_000);
  await blocker.query("ROLLBACK");
});

const tier = fc.constantFrom(1, 2, 3, 4, 5, 6);

/** A random fault, at a known moment in two of three cases. */
const fault: fc.Arbitrary<Fault> = fc.record({
  command: fc.constantFrom("up", "destroy"),
  what: fc.constantFrom("all", "provider", "cli", "server"),
  when: fc.oneof(
    fc.record({ inside: tier }),
    fc.record({ committed: tier }),
    fc.record({ after: fc.nat({ max: 6_000 }) }),
  ),
});

/** A few faults in a row, and the command that has to put it all right. */
const series = fc.record({
  faults: fc.array(fault, { minLength: 1, maxLength: 3 }),
  command: fc.constantFrom("up", "destroy"),
});

onRequest("faults", async () => {
  let injected = 0;
  for (const { faults, command } of draw(series, SEED, RUNS)) {
    if (injected >= RUNS) break;
    injected += faults.length;
    await injectAll(faults);
    process.stderr.write(`${new Date().toISOString()} ${injected}: ${JSON.stringify(faults)} then ${command}\n`);
    await converge(command);
  }
});
