import { readFileSync } from "node:fs";
import type { Client } from "pg";
import { catalogAndRows, differences } from "../support/database/compare";
import { atEnd } from "../support/clean-up";
import { database, type TestDatabase, withDatabase } from "../support/database/database";
import { describeStop } from "../../provider/model/describe";
import { heard, type Program, programOn } from "../support/pulumi/program";
import { before, withProject } from "../support/pulumi/project";
import { until } from "../support/until";

/*
 * The application goes on while a rollout rehearses: nothing of its own waits through a rehearsal, and nothing harmless that
 * it does stops one.
 */

const STRUCTURE = "sql/prod/10_structure.sql";
const RESPONSIBILITY = "sql/prod/20_responsibility_axis.sql";
const CONTAINMENT = "sql/prod/40_containment.sql";
const WRITE = "UPDATE public.governance_registry SET code = code WHERE code = 'GOV-COUNCIL'";

const SLEEPING =
  "SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()";

let db: TestDatabase;
let application: Client;

beforeAll(async () => {
  db = await database("signed");
  application = await db.connect();
  await application.query("SET application_name = 'directus'; SET statement_timeout = '30s'");
});

/** Does something as the application while the rehearsal sleeps inside a tier; gives what the rehearsal found. */
async function meanwhile(program: Program, work: () => Promise<unknown>) {
  const planning = program.plan();
  planning.catch(() => undefined);
  const asleep =
    "SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND query ~ '^(SELECT|DO).*pg_sleep' AND pid <> pg_backend_pid()";
  await until(async () => (await db.value<number>(asleep)) > 0, 20_000);
  await work();
  return { stillAsleep: (await db.value<number>(asleep)) > 0, plan: await planning };
}

describe("a rehearsal gives its strong locks back", () => {
  test("a write in the table that the foreign key points to goes through while a later tier is rehearsed", async () => {
    await withProject([before("exit", RESPONSIBILITY, "SELECT pg_sleep(4)")], async (root) => {
      const program = programOn(db, {}, { root });
      const { stillAsleep, plan } = await meanwhile(program, () => application.query(WRITE));
      expect({ stillAsleep, verdict: plan.run.verdict }).toEqual({ stillAsleep: true, verdict: "PASS" });
      expect(heard(program)).toMatch(/Strong locks, the longest: governance_registry \d+ ms\./);
    });
  });

  test("readers of what the scan has filled go on while the rollbacks below it are rehearsed", async () => {
    const slow = before("entry", "sql/prod_rollback/50_topic_finalization.sql", "SELECT pg_sleep(4)");
    await withProject([slow], async (root) => {
      const program = programOn(db, {}, { root });
      const states = await program.up();
      const planning = program.plan(-1);
      planning.catch(() => undefined);
      const asleep =
        "SELECT count(*)::int FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep.4' AND pid <> pg_backend_pid()";
      await until(async () => (await db.value<number>(asleep)) > 0, 20_000);
      await application.query("SELECT count(*) FROM public.v_ui_detector_findings");
      expect(await db.value<number>(asleep)).toBe(1);
      await planning;
      for (const state of states.reverse()) await program.destroy(state);
    });
  }, 120_000);

  test("an owner that does not exist is still found, once all tiers have run, by the line of the key", async () => {
    const [above = ""] = readFileSync(STRUCTURE, "utf8").split("    ALTER TABLE public.axis_object_ownership\n");
    const orphan =
      "UPDATE axis_object_ownership SET owner_gov_code = 'GOV-NONE' WHERE id = (SELECT min(id) FROM axis_object_ownership)";
    await withProject([before("exit", CONTAINMENT, orphan)], async (root) => {
      const { run } = await programOn(db, {}, { root }).plan();
      expect(run.verdict).toBe("STOP");
      expect(run.stops.map(describeStop).join("\n")).toContain(
        `tier 1 once all tiers have run: ${STRUCTURE} line ${above.split("\n").length}: insert or update on table ` +
          '"axis_object_ownership" violates foreign key constraint "axis_object_ownership_owner_fkey"',
      );
    });
  });

  test("what a file does behind such a lock would be lost, and is refused", async () => {
    const behind = "COMMENT ON VIEW v_ui_lane IS 'told too late'";
    await withProject([before("exit", STRUCTURE, behind)], async (root) => {
      const { run } = await programOn(db, {}, { root }).plan();
      expect(run.stops.map(describeStop)).toContain(
        "tier 1 view public.v_ui_lane was made or changed behind a statement that locks a table of others: that statement must stand last in its file",
      );
    });
  });
});

describe("a tier gives its strong locks back while it is measured", () => {
  const slowReading = {
    file: "sql/common/readings.sql",
    find: "SELECT count(*) FROM public.dot_tools",
    replace: `SELECT count(*) + CASE WHEN current_setting('one_roof.deferred', true) <> '' THEN length(pg_sleep(2)::text) ELSE 0 END
      FROM public.dot_tools`,
  };

  test("a write in the table that the foreign key points to goes through meanwhile, and the key is there in the end", async () => {
    await withProject([slowReading], async (root) => {
      const program = programOn(db, {}, { root });
      const { inputs } = await program.plan(1);
      const applying = program.apply(inputs.slice(0, 2));
      applying.catch(() => undefined);
      await until(async () => (await db.value<number>(SLEEPING)) > 0, 20_000);
      await application.query(WRITE);
      expect(await db.value<number>(SLEEPING)).toBe(1);
      const states = await applying;
      const key = "SELECT convalidated FROM pg_constraint WHERE conname = 'axis_object_ownership_owner_fkey'";
      expect(await db.value(key)).toBe(true);
      for (const state of states.reverse()) await program.destroy(state);
    });
  });

  test("what runs once more before COMMIT and then does something else is refused", async () => {
    const KEY = `ADD CONSTRAINT axis_object_ownership_owner_fkey FOREIGN KEY (owner_gov_code) REFERENCES public.governance_registry (code)`;
    const differently = {
      file: STRUCTURE,
      find: `      ${KEY};`,
      replace: `      ${KEY};
    IF EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND pid = pg_backend_pid()) THEN
      ALTER TABLE public.axis_object_ownership ALTER COLUMN tag SET DEFAULT 'planted';
    END IF;
    PERFORM pg_advisory_lock(4711);`,
    };
    await withProject([differently], async (root) => {
      const program = programOn(db, {}, { root });
      const { inputs } = await program.plan(1);
      await expect(program.apply(inputs.slice(0, 2))).rejects.toThrow(
        "what locks public.governance_registry runs once more before COMMIT, and did something else than what was judged. " +
          "Expected the same definitions, found others: table public.axis_object_ownership.",
      );
      expect(await db.value("SELECT to_regclass('public.axis_registry')")).toBeNull();
    });
  });
});

describe("a lock that no tier declares", () => {
  const taking = before("exit", RESPONSIBILITY, "LOCK TABLE dot_tools IN SHARE MODE");

  test("stops the rehearsal", async () => {
    await withProject([taking], async (root) => {
      const { run } = await programOn(db, {}, { root }).plan();
      expect(run.stops.map(describeStop)).toEqual([
        "tier 2 undeclared: table public.dot_tools was locked (ShareLock), so that others wait until the end",
      ]);
    });
  });
});

test("what the application commits while a tier runs is no change of ours", async () => {
  await withProject([before("exit", RESPONSIBILITY, "SELECT pg_sleep(2)")], async (root) => {
    const grow =
      "INSERT INTO public.dot_tools (code, name, category, owner_gov_code, status, date_created) SELECT 'DOT-NEW', name, category, owner_gov_code, status, date_created FROM public.dot_tools LIMIT 1";
    const { stillAsleep, plan } = await meanwhile(programOn(db, {}, { root }), () => application.query(grow));
    expect([stillAsleep, plan.run.stops.map(describeStop)]).toEqual([true, []]);
    expect(plan.run.verdict).toBe("PASS");
  });
});

test("what the application has deferred to the end of a transaction is checked at the end of each tier", async () => {
  await withDatabase("signed", async (own) => {
    await own.query(`CREATE TABLE known_agency (code varchar(255) PRIMARY KEY); INSERT INTO known_agency VALUES ('GOV-DOT');
      ALTER TABLE governance_object_ownership ADD CONSTRAINT of_a_known_agency FOREIGN KEY (owner_gov_code)
        REFERENCES known_agency DEFERRABLE INITIALLY DEFERRED`);
    const { run } = await programOn(own).plan();
    expect(run.stops.map(describeStop).join("\n")).toMatch(
      /tier 3 .*violates foreign key constraint "of_a_known_agency"/,
    );
  });
});

describe("beside a dump", () => {
  let dump: Client;
  let reading: Promise<unknown>;

  /** What pg_dump does first: it locks every table against being dropped, and keeps its snapshot. */
  beforeAll(async () => {
    dump = await db.connect();
    await dump.query("SET application_name = 'pg_dump'; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await dump.query(
      `DO $$ DECLARE t record; BEGIN FOR t IN SELECT oid::regclass AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
       LOOP EXECUTE format('LOCK TABLE %s IN ACCESS SHARE MODE', t.name); END LOOP; END $$`,
    );
    // It reads on and on: a session that idles would stop a rollout for another reason.
    reading = dump.query("SELECT pg_sleep(600)").catch(() => undefined);
    atEnd(over);
  });

  async function over(): Promise<void> {
    await db.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'pg_dump'");
    await reading;
    await dump.query("ROLLBACK");
  }

  test("preview and up pass; the way back says who is dumping, holds nothing while it waits, and passes when the dump is over", async () => {
    const untouched = await catalogAndRows(db.url);
    const program = programOn(db, { lockTimeout: "300ms", retryBudget: "60s" });
    const states = await program.up();
    expect(states).toHaveLength(8);
    heard(program);

    const down = program.plan(-1);
    down.catch(() => undefined);
    let told = "";
    await until(() => Promise.resolve((told += heard(program)).includes("Trying again when it has ended")), 20_000);
    expect(told).toMatch(/Held by pid \d+, user postgres, application "pg_dump", active for \d+ s: /);
    await application.query(WRITE);
    await over();
    await down;
    for (const state of states.reverse()) await program.destroy(state);
    expect(differences(untouched, await catalogAndRows(db.url))).toEqual([]);
  }, 120_000);
});
