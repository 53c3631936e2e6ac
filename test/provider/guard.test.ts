import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../provider/model/errors";
import { guard } from "../../provider/postgres/guard";
import { retried } from "../../provider/postgres/retry";
import type { Session } from "../../provider/postgres/session";
import { inTransaction, withRolloutLock } from "../../provider/postgres/transaction";
import { rollout } from "../../tiers";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { heard, programOn, UNHURRIED } from "../support/pulumi/program";
import { before, withProject } from "../support/pulumi/project";
import { providerSession } from "../support/database/session";
import { lasting, sampleOf } from "../support/samples";
import { until } from "../support/until";

let db: TestDatabase;
let session: Session;

beforeAll(async () => {
  db = await database("signed");
  await db.query("CREATE TABLE app (id integer); CREATE TABLE app_two (id integer)");
  session = await providerSession(db.url);
});

afterEach(() => session.query("ROLLBACK"));

/** Guards the session while `work` runs on it in a transaction, as a rehearsal does. */
async function guarded(budget: number, sql: string, sleep: number) {
  process.env.DATABASE_URL = db.url;
  const watch = guard(session, () => undefined);
  await watch.limitHolds(budget);
  watch.reached("tier 4 (Containment)");
  await session.query("BEGIN; SET LOCAL search_path = public");
  await session.query(sql);
  await watch.observe();
  const cancelled = await session.query("SELECT pg_sleep($1)", [sleep]).then(
    () => "",
    (error: unknown) => String(error),
  );
  await watch.observe();
  const holding = watch.holding();
  const refusal = (await watch.disarm())?.message;
  await session.query("ROLLBACK");
  await watch.observe();
  await watch.end();
  return { cancelled, refusal, holding, step: watch.step(), holds: Object.fromEntries(watch.holds()) };
}

describe("the guard of a rehearsal", () => {
  test("cancels it over budget, and names the tier and every table", async () => {
    const sql = "LOCK TABLE app IN SHARE ROW EXCLUSIVE MODE; LOCK TABLE app_two IN ACCESS EXCLUSIVE MODE";
    const { cancelled, refusal, holds, step } = await guarded(100, sql, 20);

    expect(cancelled).toMatch(/canceling statement due to user request/);
    expect(refusal).toMatch(
      /^The rehearsal was cancelled at tier 4 \(Containment\): it held a strong lock on app, app_two for \d+ ms, more than the hold budget of 100 ms\. Nothing was changed\..* config set holdBudget 200ms$/,
    );
    expect(step).toBe("tier 4 (Containment)");
    expect(Object.keys(holds).sort()).toEqual(["app", "app_two"]);
    expect(Math.min(...Object.values(holds))).toBeGreaterThan(100);
  });

  test.each(["SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"])(
    "takes %s for a strong lock",
    async (mode) => {
      const { refusal, holds } = await guarded(60, `LOCK TABLE app IN ${mode} MODE`, 20);
      expect(refusal).toContain("a strong lock on app for");
      expect(Object.keys(holds)).toEqual(["app"]);
    },
  );

  test.each(["ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"])(
    "lets %s pass, which no reader or writer waits for",
    async (mode) => {
      const { cancelled, refusal, holds } = await guarded(60, `LOCK TABLE app IN ${mode} MODE`, 0.3);
      expect({ cancelled, refusal, holds }).toEqual({ cancelled: "", refusal: undefined, holds: {} });
    },
  );

  test("does not count a table that nobody else can see yet", async () => {
    const fresh = "CREATE TABLE fresh (id integer PRIMARY KEY); INSERT INTO fresh VALUES (1)";
    const { refusal, holds } = await guarded(60, fresh, 0.3);
    expect({ refusal, holds }).toEqual({ refusal: undefined, holds: {} });
  });

  test("counts an index that is built and a foreign key that is added, the table it points to included", async () => {
    const sql = "ALTER TABLE app ADD PRIMARY KEY (id); CREATE TABLE fresh (id integer REFERENCES app)";
    expect(await guarded(60_000, sql, 0.2)).toMatchObject({ cancelled: "", refusal: undefined, holding: ["app"] });
  });

  test("knows for each table how long it was held, and what is given back with a savepoint", async () => {
    process.env.DATABASE_URL = db.url;
    const watch = guard(session, () => undefined);
    await watch.limitHolds(60_000);
    await session.query(
      "BEGIN; LOCK TABLE public.app_two IN SHARE MODE; SAVEPOINT one; LOCK TABLE public.app IN SHARE MODE",
    );
    await watch.observe();
    await session.query("SELECT pg_sleep(0.3)");
    expect(watch.holding()).toEqual(["app", "app_two"]);
    await session.query("ROLLBACK TO SAVEPOINT one");
    await watch.observe();
    expect(watch.holding()).toEqual(["app_two"]);
    await session.query("SELECT pg_sleep(0.3)");
    await watch.observe();
    const { app, app_two: two } = Object.fromEntries(watch.holds());
    await watch.end();
    expect(app).toBeGreaterThanOrEqual(300);
    expect(two - app).toBeGreaterThanOrEqual(250);
  });
});

describe("a session of the application that waits for us", () => {
  /** Runs a transaction that keeps a lock, `sleep` seconds at its first try; gives what was said and how often it was tried. */
  async function keeping(sql: string, sleep: number, retryBudget = 30_000) {
    process.env.DATABASE_URL = db.url;
    const said: string[] = [];
    let tries = 0;
    const work = () =>
      retried(
        { session, options: { retryBudget }, log: (line) => void said.push(line) },
        "tier 5 (Topic)",
        async (watch) => {
          try {
            await session.query("BEGIN; SET LOCAL search_path = public");
            await session.query(sql);
            await session.query("SELECT pg_sleep($1)", [tries++ === 0 ? sleep : 0]);
          } finally {
            await watch.disarm();
            await session.query("ROLLBACK");
          }
        },
      );
    const done = work().then(
      () => "done",
      (error: unknown) => (error as Error).message,
    );
    return { done, said, tries: () => tries };
  }

  test("is let through at once: the transaction is rolled back, tried again, and says for whom", async () => {
    const application = await db.connect();
    await application.query("SET application_name = 'directus'; SET search_path = public");
    const { done, said, tries } = await keeping("LOCK TABLE app IN SHARE MODE", 20);
    await until(async () => (await db.value<number>(HELD)) > 0, 5_000);
    // Without the guard it would have waited for 20 seconds.
    await application.query("SET statement_timeout = '10s'; INSERT INTO app VALUES (1)");
    expect(await done).toBe("done");
    expect(tries()).toBe(2);
    expect(said.join("\n")).toMatch(
      /^Gave way at tier 5 \(Topic\), and rolled back, because others waited for us: pid \d+, user postgres, application "directus", active for \d+ s: .*INSERT INTO app VALUES \(1\), on app for \d+ ms\. Trying again\.$/,
    );
  });

  test("is let through also where it only queues behind us, while we wait for somebody else, who is then waited for without a lock", async () => {
    const [report, application] = [await db.connect(), await db.connect()];
    // As the server ends any session of a rollout that idles, only sooner.
    await session.query("SET idle_session_timeout = '300ms'");
    await report.query("SET application_name = 'report'; BEGIN; SELECT count(*) FROM public.app");
    const { done, said, tries } = await keeping(
      "SET LOCAL lock_timeout = '20s'; LOCK TABLE app IN ACCESS EXCLUSIVE MODE",
      0,
    );
    await until(async () => (await db.value<number>(WAITING)) > 0, 5_000);
    await application.query("SET statement_timeout = '10s'; SELECT count(*) FROM public.app");
    await until(() => Promise.resolve(said.join().includes("Trying again when it has ended")), 5_000);
    // Nobody queues behind us meanwhile, however long the report takes.
    await sleep(600);
    expect({ tries: tries(), waiting: await db.value<number>(WAITING) }).toEqual({ tries: 0, waiting: 0 });
    await report.query("COMMIT");
    expect(await done).toBe("done");
    await session.query("SET idle_session_timeout = 0");
    expect(said.join("\n")).toMatch(/Held by pid \d+, user postgres, application "report", idle in transaction/);
  });

  test("is let through by a transaction that is not committed first, though the cancellation found no statement of it", async () => {
    const application = await db.connect();
    const waiting = { session, options: { retryBudget: 30_000 }, log: () => undefined };
    let written: Promise<unknown> = Promise.resolve();
    let tries = 0;
    const work = async () => {
      await session.query("INSERT INTO public.app_two VALUES (1); LOCK TABLE public.app IN SHARE MODE");
      if (tries++) return;
      written = application.query("INSERT INTO public.app VALUES (2)");
      await sleep(800);
    };
    await withRolloutLock(waiting, rollout, () => inTransaction(waiting, rollout, "tier 5 (Topic)", work));
    await written;
    expect({ tries, rows: await db.value<string>("SELECT count(*)::int FROM public.app_two") }).toEqual({
      tries: 2,
      rows: 1,
    });
  });

  test("that never ends is told when the budget is used up", async () => {
    const report = await db.connect();
    await report.query("SET application_name = 'report'; BEGIN; SELECT count(*) FROM public.app");
    const { done } = await keeping(
      "SET LOCAL lock_timeout = '300ms'; LOCK TABLE app IN ACCESS EXCLUSIVE MODE",
      0,
      1_000,
    );
    expect(await done).toMatch(
      /lock timeout\. Held by pid .*application "report".* Nothing was changed\. Tried for 1 s \(retryBudget\), last at tier 5 \(Topic\)\.$/,
    );
    await report.query("COMMIT");
  });

  const HELD = "SELECT count(*)::int FROM pg_locks WHERE mode = 'ShareLock' AND relation = 'public.app'::regclass";
  const WAITING = "SELECT count(*)::int FROM pg_locks WHERE NOT granted AND relation = 'public.app'::regclass";
});

describe("a whole rehearsal", () => {
  test("over its hold budget is a refusal that names tier and table; nothing is changed and nothing stays locked", async () => {
    const slow = before(
      "exit",
      "sql/prod/20_responsibility_axis.sql",
      "LOCK TABLE dot_tools IN SHARE MODE;\nSELECT pg_sleep(15)",
    );
    await withProject([slow], async (root) => {
      const untouched = await catalogAndRows(db.url);
      const rolled = programOn(db, { holdBudget: "2s" }, { root });

      await expect(rolled.plan()).rejects.toThrow(
        /cancelled at tier [12] \(.*\): it held a strong lock on .*dot_tools.* more than the hold budget of 2000 ms\. Nothing was changed\. .*holdBudget/,
      );
      expect(differences(untouched, await catalogAndRows(db.url))).toEqual([]);
      const held =
        "SELECT count(*)::int FROM pg_locks l WHERE l.pid <> pg_backend_pid() AND l.granted AND l.relation = 'dot_tools'::regclass";
      expect(await db.value(held)).toBe(0);
    });
  });

  test("over a hold budget that is shorter than any answer takes is refused in the same words, and not cut off", async () => {
    const planning = programOn(db, { holdBudget: "1ms" }).plan();
    const refused = await planning.then(() => "nothing", messageOf);
    expect(refused).toMatch(
      /held a strong lock on governance_registry for \d+ ms, more than the hold budget of 1 ms\. Nothing was changed/,
    );
    const asOurCommand = refused.replace("pulumi config", "npm run pulumi -- config");
    expect(sampleOf("hold-budget")).toContain(lasting([`error: ${asOurCommand}`]));
  });

  test("over its hold budget is refused though no statement failed: the file has swallowed the cancellation", async () => {
    const deaf = `LOCK TABLE dot_tools IN SHARE MODE;
      DO $$ BEGIN PERFORM pg_sleep(15); EXCEPTION WHEN query_canceled THEN NULL; END $$`;
    await withProject([before("exit", "sql/prod/60_scanner_baseline.sql", deaf)], async (root) => {
      await expect(programOn(db, { holdBudget: "3s" }, { root }).plan()).rejects.toThrow(
        /held a strong lock on .*dot_tools.* more than the hold budget of 3000 ms\. Nothing was changed/,
      );
    });
  });

  test("says what it locked and how long, and which sequences it moved, not those that the application moves meanwhile", async () => {
    const application = await db.connect();
    const rolled = programOn(db, { holdBudget: UNHURRIED });
    let over = false;
    const plan = rolled.plan().finally(() => (over = true));
    let labels = 0;
    for (; !over; labels++) await application.query("SELECT nextval('entity_labels_id_seq')");
    await plan;
    expect(labels).toBeGreaterThan(1);
    const said = heard(rolled);
    expect(said).not.toContain("entity_labels_id_seq");
    expect(said).toMatch(
      /^Rehearsed in \d+ ms and rolled back\. Strong locks, the longest: governance_registry \d+ ms\.$/m,
    );
    expect(said).toMatch(/^Sequences that stay moved: .*governance_object_ownership_id_seq/m);
  });

  test("says how long each step took to who asks for it", async () => {
    process.env.ROLLOUT_PROFILE = "true";
    try {
      const rolled = programOn(db, { holdBudget: UNHURRIED });
      await rolled.plan();
      expect(heard(rolled)).toMatch(
        /^Rehearsed in \d+ ms .*\(ms: .*tier 1 \d+, tier 2 \d+.*rollback 1 \d+\)\. Strong/m,
      );
    } finally {
      delete process.env.ROLLOUT_PROFILE;
    }
  });

  test("says nothing of its cost where a gate has stopped it", async () => {
    const rolled = programOn(db, { ratifiedApr: "APR-0000" });
    expect((await rolled.plan()).run.verdict).toBe("STOP");
    expect(heard(rolled)).not.toMatch(/Rehearsed in|strong lock/i);
  });
});
