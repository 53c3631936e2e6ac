import { database, withDatabase, type TestDatabase } from "../support/database/database";
import { PER_TIER_ROLLBACK, PROBE, rollbackFile, RUN_ALL, tierFile, TIERS } from "../support/database/files";

/** The rollout's lock: ASCII "ORRE". */
const KEY = "1330795077, 1";

describe("while another session holds the rollout lock", () => {
  let db: TestDatabase;
  let holder: number;

  beforeAll(async () => {
    db = await database("tier-6");
    const client = await db.connect();
    await client.query("SET application_name = 'the other rollout'");
    await client.query(`SELECT pg_advisory_lock(${KEY})`);
    holder = (await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0].pid;
  });

  afterAll(() => db.drop());

  test.each([
    ...TIERS.map((tier) => [`Tier ${tier}`, tierFile(tier)]),
    ...TIERS.map((tier) => [`the rollback of Tier ${tier}`, rollbackFile(tier)]),
    ["the whole rollout", RUN_ALL],
    ["the whole rollback", PER_TIER_ROLLBACK],
  ])("%s is refused at once and names the holder", async (_, file) => {
    const { code, stdout, stderr } = await db.psql(["-q", "-v", "VERBOSITY=verbose", "-f", file]);
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toContain("OR003");
    expect(stderr).toMatch(new RegExp(`pid ${holder}\\b.*user postgres.*the other rollout.*idle`));
    expect(stderr).toMatch(/HINT: +Nothing was changed. Wait until/);
    expect(stderr).toContain(`ended by a superuser: SELECT pg_catalog.pg_terminate_backend(${holder});`);
  });

  test("nothing of it was changed, and reading goes on", async () => {
    expect(await db.value(`SELECT count(*)::int FROM governance_drift_state WHERE status = 'open'`)).toBe(38);
    for (const file of [PROBE, tierFile(8)]) expect((await db.file(file)).code).toBe(0);
  });
});

test.each([
  ["a transaction-level lock of another session", `BEGIN; SELECT pg_advisory_xact_lock(${KEY})`, 3],
  ["a lock of another key", "SELECT pg_advisory_lock(1330795077, 2)", 0],
])("%s", async (_, sql, code) => {
  await withDatabase("tier-1", async (db) => {
    await (await db.connect()).query(sql);
    expect((await db.file(tierFile(2))).code).toBe(code);
  });
});

test("the lock of a rollout in another database of the server does not count", async () => {
  await withDatabase("tier-1", async (other) => {
    await (await other.connect()).query(`SELECT pg_advisory_lock(${KEY})`);
    await withDatabase("tier-1", async (db) => {
      expect((await db.file(tierFile(2))).code).toBe(0);
    });
  });
});

test("a session that holds the lock itself may run a file, and the lock is free after the chain", async () => {
  await withDatabase("signed", async (db) => {
    const own = await db.psql(["-c", `SELECT pg_advisory_lock(${KEY})`, "-f", tierFile(1)]);
    expect(own.code).toBe(0);
    expect((await db.file(rollbackFile(1))).code).toBe(0);
    const chain = [
      "-v",
      "ratified_apr=APR-0211",
      "-f",
      RUN_ALL,
      "-f",
      PER_TIER_ROLLBACK,
      "-c",
      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
    ];
    const { code, stdout } = await db.psql(["-At", ...chain]);
    expect([code, stdout.trim().split("\n").at(-1)]).toEqual([0, "0"]);
  });
});

test("a chain holds the lock between its files", async () => {
  await withDatabase("signed", async (db) => {
    const held = `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()`;
    const { code, stdout } = await db.psql(["-f", "sql/common/chain.sql", "-f", tierFile(1), "-c", held]);
    expect([code, stdout.trim().split("\n").at(-1)]).toEqual([0, "1"]);
  });
});

test("a role without any right that holds the lock is told for what it is, with the command that ends it", async () => {
  await withDatabase("tier-1", async (db) => {
    await db.query("CREATE ROLE lock_stranger LOGIN");
    try {
      const stranger = await db.connect("lock_stranger");
      await stranger.query(`SET application_name = 'one-roof rollout'; SELECT pg_advisory_lock(${KEY})`);
      const { code, stderr } = await db.file(tierFile(2));
      expect([code, stderr]).toEqual([3, expect.stringContaining("user lock_stranger")]);
      const [, command] = /That is no rollout: .* pg_signal_backend: (SELECT [^;]+;)/.exec(stderr)!;
      await db.query(command);
      expect((await db.file(tierFile(2))).code).toBe(0);
    } finally {
      await db.query("DROP ROLE lock_stranger");
    }
  });
});

test("nor is a session whose role is gone a rollout", async () => {
  await withDatabase("tier-1", async (db) => {
    await db.query("CREATE ROLE lock_leaver LOGIN SUPERUSER");
    const leaver = await db.connect("lock_leaver");
    await leaver.query(`SELECT pg_advisory_lock(${KEY})`);
    await db.query("DROP ROLE lock_leaver");
    const { code, stderr } = await db.file(tierFile(2));
    expect([code, stderr]).toEqual([3, expect.stringContaining("That is no rollout")]);
  });
});

test("a statement time-out ends a tier that would take too long, and changes nothing", async () => {
  await withDatabase("tier-5", async (db) => {
    await db.query(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(10); RETURN NEW; END';
      CREATE TRIGGER slow BEFORE INSERT ON governance_scan_run FOR EACH ROW EXECUTE FUNCTION slow()`);
    const { code, stderr } = await db.file(tierFile(6), { "one_roof.statement_timeout": "200ms" });
    expect([code, stderr]).toEqual([3, expect.stringContaining("statement timeout")]);
    expect(await db.value("SELECT count(*)::int FROM governance_drift_state")).toBe(0);
  });
});

test("time-outs and search_path are set for the file alone, not for the session", async () => {
  await withDatabase("tier-1", async (db) => {
    const shown = ["-c", "SHOW lock_timeout", "-c", "SHOW statement_timeout", "-c", "SHOW search_path"];
    const { stdout } = await db.psql(["-At", "-f", tierFile(2), ...shown], { search_path: "public" });
    expect(stdout.trim().split("\n").slice(-3)).toEqual(["0", "0", "public"]);
  });
});

test("a file that is given no time-outs has its own", async () => {
  await withDatabase("tier-1", async (db) => {
    const open = ["-c", "BEGIN; SET LOCAL one_roof.step = 'Tier 2'", "-f", "sql/common/ground.sql"];
    const { stdout } = await db.psql(["-qAt", ...open, "-c", "SHOW lock_timeout", "-c", "SHOW statement_timeout"]);
    expect(stdout.trim().split("\n")).toEqual(["500ms", "30s"]);
  });
});
