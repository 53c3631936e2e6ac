import fc from "fast-check";
import { database, type TestDatabase } from "../support/database/database";
import {
  cleanUpProcesses,
  type CommandName,
  npmRun,
  type ProcessUnderTest,
  start,
  startAtTerminal,
  startByNpm,
  survivors,
} from "../support/faults/process-under-test";
import { draw, onRequest, RUNS, SEED, thorough } from "../support/faults/random";
import { engine, type Engine, WITHOUT_PACK } from "../support/pulumi/engine";
import { leftovers, succeed } from "../support/pulumi/operator";
import { type Ends, endsOf } from "../support/pulumi/outcome";
import type { Result } from "../support/processes";
import { until } from "../support/until";

/*
 * A command is interrupted, or whoever started something dies. What it was at is cancelled at once, it says what stands, nothing
 * outlives it, and the same command again ends exactly where an undisturbed one would have.
 * More of this, drawn at random: CHAOS_RUNS=50 CHAOS_SEED=1 npm test -- test/e2e/interrupt
 */

/** How long a statement takes in which a command is interrupted, in seconds: longer than any of these commands may. */
const LONG_S = 20;

/** How long whatever a command has started may outlive it, in milliseconds. */
const OUTLIVE_MS = 5_000;

let db: TestDatabase;
let stack: Engine;
let ends: Ends;

beforeAll(async () => {
  db = await database("signed");
  stack = engine(db.url, WITHOUT_PACK);
  // At a terminal Pulumi would ask whether to create it.
  await stack.ready();
  ends = await endsOf(db);
});

afterEach(async () => {
  cleanUpProcesses();
  await quicken();
});

const quicken = () => db.query("DROP SCHEMA IF EXISTS slow CASCADE");

/** Makes a kind of statement last, in sessions of that name. */
async function slowDown(application: string, tag: string): Promise<void> {
  await quicken();
  await db.query(`CREATE SCHEMA slow; CREATE FUNCTION slow.down() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('application_name') = '${application}' THEN PERFORM pg_sleep(${LONG_S}); END IF; END $$;
    CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('${tag}') EXECUTE FUNCTION slow.down()`);
}

const sleeping = () =>
  db.value<boolean>(
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep')",
  );

/** Waits until the command is in the middle of what takes long. */
const inTheMiddle = () => until(sleeping, 60_000);

/** What is under way is cancelled at the server, and not waited for. */
const isCancelled = () => until(async () => !(await sleeping()), (LONG_S / 2) * 1_000);

const appliedTiers = async () => {
  const log = await db
    .query<{ tier: number }>(
      "SELECT tier FROM one_roof_rollout.ledger GROUP BY tier HAVING count(*) FILTER (WHERE action = 'applied') * 2 > count(*) ORDER BY tier",
    )
    .catch(() => []);
  return log.map(({ tier }) => tier);
};

/** What a command that was interrupted has to have said, and left. */
async function expectStanding({ output }: Result, command: CommandName): Promise<void> {
  const tiers = await appliedTiers();
  const carried = tiers.length > 1 ? `tiers ${tiers.join(", ")}` : tiers.length ? `tier ${tiers[0]}` : "no tier";
  expect(output).toContain(`carries ${carried}, says its ledger`);
  expect(output).toContain(`Run the same command again: npm run ${command}.`);
}

async function expectNothingLeft(): Promise<void> {
  await until(async () => survivors().length === 0 && (await leftovers(db)).length === 0, OUTLIVE_MS);
}

async function converge(command: "up" | "destroy"): Promise<string> {
  const { output } = await succeed(npmRun(stack, command, "--skip-preview"));
  expect(await (command === "up" ? ends.toEnd() : ends.toBaseline())).toEqual([]);
  expect(output).not.toContain("pending operations");
  return output;
}

describe("up", () => {
  test("Ctrl-C at a terminal, in the middle of tier 1", async () => {
    await slowDown("one-roof rollout", "CREATE TABLE");
    const running = startAtTerminal(stack, "up", "--skip-preview");
    await inTheMiddle();
    running.type("\x03");
    await isCancelled();
    const interrupted = await running.done;
    expect(interrupted.code).toBe(130);
    expect(interrupted.output).toContain("Tier 1 (Structure) was interrupted: nothing of what was under way stays.");
    await expectStanding(interrupted, "up");
    await expectNothingLeft();
  });

  test("the end of a CI job, in the middle of the rehearsal", async () => {
    await slowDown("one-roof rollout rehearsal", "CREATE TABLE");
    const running = start(stack, "up", "--skip-preview");
    await inTheMiddle();
    running.signal("command", "SIGTERM");
    await isCancelled();
    const interrupted = await running.done;
    expect(interrupted.code).toBe(143);
    expect(interrupted.output).toContain("error: Interrupted: nothing of what was under way stays.");
    await expectStanding(interrupted, "up");
    await expectNothingLeft();
  });

  thorough("Ctrl-C twice, while Pulumi does not react", async () => {
    await slowDown("one-roof rollout", "CREATE TABLE");
    const running = start(stack, "up", "--skip-preview");
    await inTheMiddle();
    running.signal("cli", "SIGSTOP");
    running.signal("command", "SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 300));
    running.signal("command", "SIGINT");
    const interrupted = await running.done;
    expect(interrupted.code).toBe(130);
    await expectStanding(interrupted, "up");
    await expectNothingLeft();
  });

  thorough.each(["npm", "command", "cli"] as const)(
    "%s is killed: nothing that it has started outlives it",
    async (role) => {
      await slowDown("one-roof rollout", "CREATE TABLE");
      const running = (role === "npm" ? startByNpm : start)(stack, "up", "--skip-preview");
      await inTheMiddle();
      running.signal(role, "SIGKILL");
      await running.ended;
      await expectNothingLeft();
    },
  );

  thorough("Ctrl-C between a COMMIT and Pulumi's state: the tier stays, is told, and no other begins", async () => {
    await quicken();
    const running = start(stack, "up", "--skip-preview");
    await until(async () => (await appliedTiers()).length > 0, 60_000);
    running.signal("command", "SIGINT");
    const interrupted = await running.done;
    expect(interrupted.code).toBe(130);
    await expectStanding(interrupted, "up");
    expect((await appliedTiers()).length).toBeLessThan(6);
    await expectNothingLeft();
    await converge("up");
  });
});

describe("destroy", () => {
  test("a closed terminal, in the middle of a rollback", async () => {
    await quicken();
    await converge("up");
    await slowDown("one-roof rollout", "DROP TABLE");
    const running = start(stack, "destroy", "--skip-preview");
    await inTheMiddle();
    running.signal("command", "SIGHUP");
    await isCancelled();
    const interrupted = await running.done;
    expect(interrupted.code).toBe(129);
    expect(interrupted.output).toContain("Tier 1 (Structure) was interrupted");
    await expectStanding(interrupted, "destroy");
    await expectNothingLeft();
    await quicken();
    await converge("destroy");
  });
});

/** At any moment, by any hand. */
const ending = fc.record({
  command: fc.constantFrom("up", "destroy", "preview"),
  after: fc.nat({ max: 5_000 }),
  how: fc.constantFrom<[role: "command" | "cli" | "provider", signal: NodeJS.Signals]>(
    ["command", "SIGINT"],
    ["command", "SIGTERM"],
    ["command", "SIGHUP"],
    ["command", "SIGKILL"],
    ["cli", "SIGKILL"],
    ["cli", "SIGINT"],
    ["provider", "SIGKILL"],
  ),
});

onRequest("moments", async () => {
  for (const { command, after, how } of draw(ending, SEED, RUNS)) {
    const running: ProcessUnderTest = start(stack, command, ...(command === "preview" ? [] : ["--skip-preview"]));
    await Promise.race([running.done, new Promise((resolve) => setTimeout(resolve, after))]);
    running.signal(...how);
    await running.ended;
    await expectNothingLeft();
  }
  await converge("up");
  await converge("destroy");
});
