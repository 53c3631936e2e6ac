import { readFileSync, writeFileSync } from "node:fs";
import { EXIT } from "../../cli/exit-codes";
import { catalogAndRows, differences } from "../support/database/compare";
import * as faults from "../support/faults/faults";
import { database, RATIFIED, withDatabase, type TestDatabase } from "../support/database/database";
import { withEngine, type Engine, type Options } from "../support/pulumi/engine";
import { lasting, sampleOf } from "../support/samples";
import { refuse, refused, succeed, violations } from "../support/pulumi/operator";

/** Everything that preflight guards, broken at once, but what the configuration says. */
const EVERYTHING = [
  faults.NO_APPROVAL,
  faults.NO_CONTAINMENT_VIEW,
  faults.NAMESAKE,
  faults.TWO_OWNERS_OF_A_CELL,
  faults.GOVERNANCE_EVENT,
  faults.ACTIVE_EVENT_TYPE,
];

async function withStack<T>(options: Options, use: (stack: Engine, db: TestDatabase) => Promise<T>): Promise<T> {
  return withDatabase("signed", (db) => withEngine(db.url, options, (stack) => use(stack, db)));
}

describe("preflight's gates, through the real CLI", () => {
  test("all that fail are named at once, and nothing starts", async () => {
    await withStack({ config: { database: "directus", ratifiedApr: "APR-9999" } }, async (stack, db) => {
      for (const sql of EVERYTHING) await db.query(sql);
      const { output } = await refused(db, stack, EXIT.refused);
      const gates = [
        "active_event_types",
        "axis_objects",
        "columns_missing",
        "database",
        "governance_outbox",
        "ospa",
        "ospa_valid",
        "ownership_conflict",
        "ownership_gap",
        "ownership_rows",
        "prerequisite_views",
        "ratified_request",
      ];
      expect(violations(output)).toEqual(gates);
      expect(output).toMatch(/gate database: expected = directus, measured test_/);
      expect(output).toMatch(/gate ownership_gap: expected = 210, measured 209/);
      expect(output).toContain("sign");
    });
  });

  test("a request that is not approved is refused, and so is a table of the 43 in a shape of its own", async () => {
    await withStack({ config: { ratifiedApr: "APR-0210" } }, async (stack, db) => {
      await db.query("CREATE TABLE axis_value (); CREATE TABLE governance_drift_state (status text)");
      const { output } = await refused(db, stack, EXIT.refused);
      expect(violations(output)).toEqual(["axis_objects", "ratified_request"]);
      expect(output).toMatch(/ratified_request: expected = approved, measured pending/);
      expect(output).toMatch(/axis_objects: expected = 0, measured 2/);
    });
  });
});

describe("the configuration", () => {
  test("is refused with every key that is wrong, and how to set it", async () => {
    const config = { throughTier: "7", ratifiedApr: undefined, lockTimeout: "soon", thruTier: "4" };
    await withStack({ config }, async (stack, db) => {
      const { output } = await refused(db, stack, EXIT.configuration);
      expect(output).toMatch(/throughTier: expected one of the tiers 0, 1, 2, 3, 4, 5, 6, 8, found "7"/);
      expect(output).toMatch(/ratifiedApr: expected a value, found none.*pulumi -- config set ratifiedApr/);
      expect(output).toMatch(/lockTimeout: expected a time such as .*, found "soon"/);
      expect(output).toMatch(/thruTier: there is no such key/);
    });
  });
});

describe("the connection", () => {
  test("to a server that is not there is refused, naming the address without the password", async () => {
    await withStack({ env: { DATABASE_URL: "postgres://someone:secret@127.0.0.1:1/directus" } }, async (stack, db) => {
      const { output } = await refused(db, stack, EXIT.unreachable);
      expect(output).toContain("someone@127.0.0.1:1/directus");
      expect(output).toContain("DATABASE_URL");
      expect(output).not.toContain("secret");
    });
  });

  test("with a wrong password is refused", async () => {
    await withStack({}, async (stack, db) => {
      const login = `stranger_${process.pid}`;
      await db.query(`CREATE ROLE ${login} LOGIN PASSWORD 'right'`);
      const restore = await demandPassword(db, login);
      try {
        stack.env.DATABASE_URL = db.url.replace("postgres@", `${login}:wrong@`);
        const { output } = await refused(db, stack, EXIT.unreachable);
        expect(output).toMatch(new RegExp(`${login}@127.0.0.1:\\d+/${db.name}: the password was refused`));
        expect(output).not.toContain("wrong");
      } finally {
        await restore();
        await db.query(`DROP ROLE ${login}`);
      }
    });
  });

  test("of a login that may not see other sessions is refused, naming what cannot be measured", async () => {
    await withStack({}, async (stack, db) => {
      const login = `narrow_${process.pid}`;
      await db.query(`
        CREATE ROLE ${login} LOGIN;
        GRANT ALL ON DATABASE ${db.name} TO ${login};
        GRANT ALL ON SCHEMA public TO ${login};
        GRANT ALL ON ALL TABLES IN SCHEMA public TO ${login};
        GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${login}`);
      try {
        stack.env.DATABASE_URL = db.url.replace("postgres@", `${login}@`);
        const { output } = await refused(db, stack, EXIT.refused);
        expect(output).toContain("idle_in_the_way_over_5s: expected = 0, measured not measured");
      } finally {
        await db.query(`DROP OWNED BY ${login}; DROP ROLE ${login}`);
      }
    });
  });

  test("to another database than the state was made on is refused, naming both", async () => {
    await withStack({ config: { throughTier: "0" } }, async (stack, db) => {
      await succeed(stack.up("--skip-preview"));
      await withDatabase("signed", async (other) => {
        stack.env.DATABASE_URL = other.url;
        stack.configure({ database: other.name, throughTier: "8" });
        const { output } = await refused(other, stack, EXIT.refused);
        expect(output).toMatch(new RegExp(`state was made on.*"?${db.name}"?`));
        expect(output).toContain(other.name);
      });
    });
  });
});

describe("somebody in the way", () => {
  let db: TestDatabase;

  beforeEach(async () => {
    db = await database("signed");
  });

  afterEach(() => db.drop());

  /** The application is in a long transaction that wrote to a table, and busy: one that idles is a gate's business. */
  async function workOn(table: string): Promise<number> {
    const application = await db.connect();
    await application.query(`SET application_name = 'directus'; BEGIN; UPDATE ${table} SET code = code`);
    const [{ pid }] = (await application.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows;
    application.query("SELECT pg_sleep(600)").catch(() => undefined);
    return pid;
  }

  test("an application's lock is named with its holder, and the run gives up", async () => {
    const pid = await workOn("governance_registry");
    await withEngine(db.url, { config: { retryBudget: "1s" } }, async (stack) => {
      const { output } = await refused(db, stack, EXIT.locked);
      expect(output).toContain(`pid ${pid}`);
      // Whether there was time for a second try depends on the machine.
      const [said] = /^ +error: [^]*?(?=^Resources:)/m.exec(output)!;
      expect(sampleOf("lock")).toContain(lasting(said.split("\n")));
    });
  });

  test("another rollout is named, whichever tool runs it, and nothing starts beside it", async () => {
    const other = await db.connect();
    await other.query("SET application_name = 'psql of the other operator'; SELECT pg_advisory_lock(1330795077, 1)");
    await withEngine(db.url, { config: { retryBudget: "1s" } }, async (stack) => {
      const { output } = await refused(db, stack, EXIT.locked);
      expect(output).toContain("psql of the other operator");
    });
  });

  test("a server that ends the session in the middle of the rehearsal changes nothing", async () => {
    await workOn("governance_registry");
    await withEngine(db.url, { config: { ratifiedApr: RATIFIED, lockTimeout: "30s" } }, async (stack) => {
      const before = await catalogAndRows(db.url);
      const preview = stack.preview();
      await terminateWaiting(db);
      const { output } = await refuse(preview);
      expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
      expect(output).toMatch(/connection|terminat/i);
      expect(output).toMatch(/[Nn]othing was changed|not committed/);
    });
  });
});

/** Waits until a session of the rollout waits for a lock, and ends it as a server that goes down would. */
async function terminateWaiting(db: TestDatabase): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const ended = await db.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'one-roof%' AND cardinality(pg_blocking_pids(pid)) > 0`);
    if (ended.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("No session of the rollout ever waited.");
}

/** The test server trusts everybody: for this one login it now asks. Gives back how to undo that. */
async function demandPassword(db: TestDatabase, login: string): Promise<() => Promise<void>> {
  const file = await db.value<string>("SHOW hba_file");
  const trusting = readFileSync(file, "utf8");
  const write = async (rules: string) => {
    writeFileSync(file, rules);
    await db.query("SELECT pg_reload_conf()");
  };
  await write(`host all ${login} 127.0.0.1/32 scram-sha-256\n${trusting}`);
  return () => write(trusting);
}
