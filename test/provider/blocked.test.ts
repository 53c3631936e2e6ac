import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import type { TierInputs, TierState } from "../../provider/model/tier-inputs";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { follow, heard, type Program, programOn } from "../support/pulumi/program";
import { until } from "../support/until";

/*
 * Somebody else holds a lock that the rollout needs: the operator is told who, the application is let through before it
 * has waited for long behind us, and whatever ends as a refusal has changed nothing.
 */

const LOCK_TIMEOUT_MS = 300;
/** How long the guard lets others wait. */
const GUARD_MS = 200;
/** What a loaded machine may add to a time-out. */
const GRACE_MS = 1_200;
const PATIENCE_MS = 20_000;

let db: TestDatabase;
/** Waits as long as an operator would; the other one gives up after a second. */
let patient: Program;
let hasty: Program;
let planned: TierInputs[];
let first: TierState;
let blocker: Client;
let pid: number;

beforeAll(async () => {
  db = await database("signed");
  const options = { lockTimeout: `${LOCK_TIMEOUT_MS}ms` };
  patient = programOn(db, { ...options, retryBudget: "30s" });
  hasty = programOn(db, { ...options, retryBudget: "1s" });
  blocker = await db.connect();
  await blocker.query("SET application_name = 'nightly report'");
  pid = (await blocker.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0].pid;
  ({ inputs: planned } = await patient.plan());
  [first] = await patient.apply([planned[0]]);
});

afterEach(async () => {
  await blocker.query("ROLLBACK; SELECT pg_advisory_unlock_all()");
  heard(patient);
  heard(hasty);
});

const tierOne = () => follow(planned[1], [first]);

/** Applies Tier 1 for the length of one use. */
async function applied(use: (state: TierState) => Promise<void>): Promise<void> {
  const state = await patient.create(tierOne());
  try {
    await use(state);
  } finally {
    await blocker.query("ROLLBACK; SELECT pg_advisory_unlock_all()");
    await patient.destroy(state);
  }
}

const LOCK = "LOCK TABLE governance_registry IN ACCESS EXCLUSIVE MODE";

/** How the one who holds the lock is named. */
const named = () =>
  expect.stringMatching(
    new RegExp(`pid ${pid}, user postgres, application "nightly report", idle in transaction for \\d+ s: .*${LOCK}`),
  );

/** How a refusal ends that names where it was, what stands and what is to be run next. */
const givenUp = (step: string, stands: string) =>
  `Nothing was changed. Tried for 1 s (retryBudget), last at ${step}. ${stands} Wait until nobody is in the way any more, ` +
  "or have the session ended, then run the same command again.";

async function block(sql: string): Promise<void> {
  await blocker.query("BEGIN");
  await blocker.query(sql);
}

/** Does the work while the blocker holds its lock, and releases the lock once the operator has been told who holds it. */
async function released(calls: Program, work: () => Promise<unknown>, lock = LOCK): Promise<string> {
  await block(lock);
  const working = work();
  // Until it is awaited below, a refusal would count as unhandled.
  working.catch(() => undefined);
  let told = "";
  await until(() => Promise.resolve((told += heard(calls)).includes("held by pid")), PATIENCE_MS);
  await blocker.query("ROLLBACK");
  await working;
  return told;
}

/** The work is refused inside its budget while another session holds its lock, and nothing has changed. */
async function refused(work: () => Promise<unknown>, lock = () => block(LOCK)): Promise<string> {
  const before = await catalogAndRows(db.url);
  await lock();
  const start = Date.now();
  const message = await work().then(
    () => "not refused",
    (error: unknown) => (error as Error).message,
  );
  expect(Date.now() - start).toBeLessThan(PATIENCE_MS);
  await blocker.query("ROLLBACK");
  expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  return message;
}

describe("another session holds a lock that the rollout needs", () => {
  test("preview names it, and passes when it is gone in time", async () => {
    expect(await released(patient, () => patient.plan())).toEqual(named());
  });

  test("preview gives up when its budget is used up and names it", async () => {
    const message = await refused(() => hasty.plan());
    expect(message).toEqual(named());
    expect(message).toContain(givenUp("the first readings", "No tier is applied."));
  });

  test("up names it, and goes on when it is gone in time", async () => {
    let state: TierState | undefined;
    expect(await released(patient, async () => (state = await patient.create(tierOne())))).toEqual(named());
    await patient.destroy(state!);
  });

  test("up gives up when its budget is used up, names it, and has changed nothing", async () => {
    const message = await refused(() => hasty.create(tierOne()));
    expect(message).toEqual(named());
    expect(message).toContain(givenUp("tier 1 (Structure)", "No tier is applied."));
    expect(heard(hasty)).toContain("Trying again");
  });

  test("destroy names it, and goes on when it is gone in time", async () => {
    const state = await patient.create(tierOne());
    expect(await released(patient, () => patient.destroy(state))).toEqual(named());
    expect(heard(patient)).toContain("rolled back and proven");
  });

  test("destroy gives up when its budget is used up, names it, and has changed nothing", () =>
    applied(async (state) => {
      const message = await refused(() => hasty.destroy(state));
      expect(message).toEqual(named());
      expect(message).toContain(givenUp("the rollback of tier 1 (Structure)", "Tier 1 stays applied."));
    }));

  test("destroy gives up by its name where the ledger does not hold the tier, too", () =>
    applied(async (below) => {
      const lost = { ...below, ...follow(planned[2], [below]) };
      const lock = LOCK.replace("governance_registry", "axis_value");
      const message = await refused(
        () => hasty.destroy(lost),
        () => block(lock),
      );
      expect(message).toEqual(expect.stringMatching(new RegExp(`Held by pid ${pid}, .*${lock}`)));
      expect(message).toContain(givenUp("the rollback of tier 2 (Responsibility axis)", "Tier 1 stays applied."));
      await patient.destroy(lost);
      expect(heard(patient)).toContain("nothing to roll back");
    }));

  describe("on the ledger", () => {
    const LEDGER = "LOCK TABLE one_roof_rollout.ledger IN ACCESS EXCLUSIVE MODE";
    const lock = () => block(LEDGER);
    const holder = () => expect.stringMatching(new RegExp(`held by pid ${pid}, .*"nightly report".*${LEDGER}`, "i"));
    const unread = (step: string) => givenUp(step, "The ledger, which knows what is applied, could not be read.");

    test("destroy gives up when its budget is used up, names it, and does not guess what is applied", () =>
      applied(async (state) => {
        const message = await refused(() => hasty.destroy(state), lock);
        expect(message).toEqual(holder());
        expect(message).toContain(unread("the rollback of tier 1 (Structure)"));
      }));

    test("refresh gives up when its budget is used up, and names it", () =>
      applied(async (state) => {
        const message = await refused(() => hasty.read(state), lock);
        expect(message).toEqual(holder());
        expect(message).toContain(unread("the refresh of tier 1 (Structure)"));
      }));

    test("destroy and refresh go on when it is gone in time", () =>
      applied(async (state) => {
        expect(await released(patient, () => patient.read(state), LEDGER)).toEqual(holder());
        expect(await released(patient, () => patient.destroy(state), LEDGER)).toEqual(holder());
        expect(heard(patient)).toContain("rolled back and proven");
      }));
  });
});

/** How long the application's own statements took while `work` ran, the longest in milliseconds. */
async function longestOf(sql: string, work: () => Promise<unknown>): Promise<number> {
  const application = await db.connect();
  let over = false;
  const working = work().finally(() => (over = true));
  working.catch(() => undefined);
  let longest = 0;
  while (!over) {
    const start = performance.now();
    await application.query(sql);
    longest = Math.max(longest, performance.now() - start);
    await sleep(20);
  }
  await working.catch(() => undefined);
  return longest;
}

describe("the application goes on while we wait", () => {
  /** Its lock time-out is no help to anybody who waits behind it: only its guard is. */
  let yielding: Program;

  beforeAll(() => {
    yielding = programOn(db, { lockTimeout: "10s", retryBudget: "1s" });
  });

  test("writers behind up's foreign key are let through", async () => {
    await block("UPDATE governance_registry SET code = code WHERE false");
    const waited = await longestOf("UPDATE governance_registry SET code = code WHERE false", () =>
      yielding.create(tierOne()),
    );
    expect(heard(yielding)).toContain("because others waited for us");
    expect(waited).toBeLessThan(GUARD_MS + GRACE_MS);
  });

  test("readers behind destroy are let through", () =>
    applied(async (state) => {
      await block("SELECT FROM governance_registry LIMIT 1");
      const waited = await longestOf("SELECT FROM governance_registry LIMIT 1", () => yielding.destroy(state));
      expect(heard(yielding)).toContain("because others waited for us");
      expect(waited).toBeLessThan(GUARD_MS + GRACE_MS);
    }));
});

describe("another rollout holds the rollout's lock", () => {
  const hold = async () => {
    await blocker.query("SELECT pg_advisory_lock(1330795077, 1)");
  };
  const holder = () => new RegExp(`pid ${pid}, user postgres, application "nightly report", idle`);

  test.each([
    ["preview", () => hasty.plan()],
    ["up", () => hasty.create(tierOne())],
  ])("%s waits, then refuses with its name, and has changed nothing", async (_, work) => {
    const message = await refused(work, hold);
    expect(message).toMatch(holder());
    expect(message).toContain("Another rollout is at work");
    expect(heard(hasty)).toContain("Waiting for another rollout");
  });

  test("up goes on when it is done", async () => {
    await hold();
    const creating = patient.create(tierOne());
    await until(() => Promise.resolve(holder().test(heard(patient))), PATIENCE_MS);
    await blocker.query("SELECT pg_advisory_unlock_all()");
    await patient.destroy(await creating);
  });

  test("a rollout that hangs is told with the command that ends it, and by whom", async () => {
    expect(await refused(() => hasty.plan(), hold)).toContain(
      `Should it hang, it is ended by a superuser: SELECT pg_catalog.pg_terminate_backend(${pid});`,
    );
  });

  test("a role without any right that holds it is told for what it is, whatever it calls itself", async () => {
    await db.query("CREATE ROLE lock_stranger LOGIN");
    try {
      const stranger = await db.connect("lock_stranger");
      await stranger.query("SET application_name = 'one-roof rollout'; SELECT pg_advisory_lock(1330795077, 1)");
      const { pid: theirs } = (await stranger.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0];
      const message = await refused(
        () => hasty.plan(),
        () => Promise.resolve(),
      );
      expect(message).toMatch(/held by a session that is no rollout, because lock_stranger may not carry one out: pid/);
      expect(message).not.toContain("Another rollout");
      const [, command] = /By lock_stranger, a superuser or a member of pg_signal_backend: (SELECT [^;]+;)/.exec(
        message,
      )!;
      expect(command).toBe(`SELECT pg_catalog.pg_terminate_backend(${theirs});`);
      await db.query(command);
      await hasty.plan();
    } finally {
      await db.query("DROP ROLE lock_stranger");
    }
  });
});
