import { watchLocks } from "../../provider/postgres/lock-budget";
import type { Session } from "../../provider/postgres/session";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { heard, programOn, UNHURRIED } from "../support/pulumi/program";
import { before, withProject } from "../support/pulumi/project";
import { providerSession } from "../support/database/session";

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
  const locks = await watchLocks(session, budget);
  locks.reached("tier 4 (Containment)");
  await session.query("BEGIN; SET LOCAL search_path = public");
  await session.query(sql);
  const cancelled = await session.query("SELECT pg_sleep($1)", [sleep]).then(
    () => "",
    (error: unknown) => String(error),
  );
  await locks.observe();
  const refusal = locks.refusal()?.message;
  return { cancelled, refusal, flag: locks.refusal() !== undefined, step: locks.step(), ...(await locks.stop()) };
}

describe("the guard of a rehearsal", () => {
  test("cancels it over budget, and names the tier and every table", async () => {
    const sql = "LOCK TABLE app IN SHARE ROW EXCLUSIVE MODE; LOCK TABLE app_two IN ACCESS EXCLUSIVE MODE";
    const { cancelled, refusal, flag, tables, heldFor, step } = await guarded(100, sql, 20);

    expect(cancelled).toMatch(/canceling statement due to user request/);
    expect(refusal).toMatch(
      /^The rehearsal was cancelled at tier 4 \(Containment\): it held a strong lock on app, app_two for \d+ ms, more than the hold budget of 100 ms\. Nothing was changed\./,
    );
    expect({ flag, tables, step }).toEqual({ flag: true, tables: ["app", "app_two"], step: "tier 4 (Containment)" });
    expect(heldFor).toBeGreaterThan(100);
  });

  test.each(["SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"])(
    "takes %s for a strong lock",
    async (mode) => {
      const { flag, tables } = await guarded(60, `LOCK TABLE app IN ${mode} MODE`, 20);
      expect({ flag, tables }).toEqual({ flag: true, tables: ["app"] });
    },
  );

  test.each(["ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"])(
    "lets %s pass, which no reader or writer waits for",
    async (mode) => {
      const { cancelled, flag, tables, heldFor } = await guarded(60, `LOCK TABLE app IN ${mode} MODE`, 0.3);
      expect({ cancelled, flag, tables, heldFor }).toEqual({ cancelled: "", flag: false, tables: [], heldFor: 0 });
    },
  );

  test("does not count a table that nobody else can see yet", async () => {
    const { flag, tables } = await guarded(
      60,
      "CREATE TABLE fresh (id integer PRIMARY KEY); INSERT INTO fresh VALUES (1)",
      0.3,
    );
    expect({ flag, tables }).toEqual({ flag: false, tables: [] });
  });

  test("counts an index that is built and a foreign key that is added, the table it points to included", async () => {
    const sql = "ALTER TABLE app ADD PRIMARY KEY (id); CREATE TABLE fresh (id integer REFERENCES app)";
    expect(await guarded(60_000, sql, 0.2)).toMatchObject({ cancelled: "", flag: false, tables: ["app"] });
  });

  test("says within the budget which tables were held, and for how long", async () => {
    const { flag, tables, heldFor, refusal } = await guarded(60_000, "LOCK TABLE app IN SHARE MODE", 0.3);
    expect({ flag, tables, refusal }).toEqual({ flag: false, tables: ["app"], refusal: undefined });
    expect(heldFor).toBeGreaterThanOrEqual(200);
  });
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
      expect(heard(rolled)).toMatch(/Strong locks on existing tables for \d+ ms at most: .*dot_tools/);
      expect(differences(untouched, await catalogAndRows(db.url))).toEqual([]);
      const held =
        "SELECT count(*)::int FROM pg_locks l WHERE l.pid <> pg_backend_pid() AND l.granted AND l.relation = 'dot_tools'::regclass";
      expect(await db.value(held)).toBe(0);
    });
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

  test("says what it locked and how long, and which sequences it moved", async () => {
    const rolled = programOn(db, { holdBudget: UNHURRIED });
    await rolled.plan();
    const said = heard(rolled);
    expect(said).toMatch(/^Rehearsed in \d+ ms and rolled back \(ms: .*tier 1 \d+, tier 2 \d+.*rollback 1 \d+\)/m);
    expect(said).toMatch(/Sequences that stay moved: .*governance_object_ownership_id_seq/);
  });
});
