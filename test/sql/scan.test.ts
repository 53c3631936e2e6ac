import { withDatabase, type TestDatabase } from "../support/database/database";

const scan = (db: TestDatabase) => db.value<string>("SELECT fn_governance_scan('test', 'repeat')");
const ledger = (db: TestDatabase) =>
  db.rows("SELECT actor, mode, finding_count, new_count, resolved_count FROM governance_scan_run ORDER BY scan_id");
const open = (db: TestDatabase) => db.value(`SELECT count(*)::int FROM governance_drift_state WHERE status = 'open'`);

test("the baseline scan of Tier 6 found 38, all of them new", async () => {
  await withDatabase("tier-6", async (db) => {
    expect(await db.rows("SELECT mode, finding_count, new_count, resolved_count FROM governance_scan_run")).toEqual([
      ["baseline", 38, 38, 0],
    ]);
    const candidates = "SELECT finding_type, count(*)::int FROM axis_candidate_finding GROUP BY 1 ORDER BY 1";
    expect(await db.rows(candidates)).toEqual([
      ["low_confidence", 1],
      ["missing_assignment", 29],
      ["missing_owner", 1],
      ["quarantine", 1],
      ["stale_topic", 1],
    ]);
    const missing = `SELECT DISTINCT value_code FROM axis_candidate_finding WHERE finding_type = 'missing_assignment'`;
    expect(await db.rows(missing)).toEqual([["∅"]]);
  });
});

test("repeated scans give 38, 38, 38, with nothing new or resolved, and only the ledger grows", async () => {
  await withDatabase("tier-6", async (db) => {
    const first = await scan(db);
    const second = await scan(db);
    expect(BigInt(second)).toBeGreaterThan(BigInt(first));
    expect(await ledger(db)).toEqual([
      [expect.any(String), "baseline", 38, 38, 0],
      ["test", "repeat", 38, 0, 0],
      ["test", "repeat", 38, 0, 0],
    ]);
    expect(await open(db)).toBe(38);
    expect(await db.rows("SELECT count(*)::int, min(scan_count), max(scan_count) FROM governance_drift_state")).toEqual(
      [[38, 3, 3]],
    );
    expect(await db.rows("SELECT count(*)::int, min(scan_count), max(scan_count) FROM axis_candidate_finding")).toEqual(
      [[33, 3, 3]],
    );
    expect(await db.value("SELECT count(*)::int FROM governance_event_log")).toBe(0);
  });
});

test("in one transaction, where now() stands still, too", async () => {
  await withDatabase("tier-6", async (db) => {
    await db.query("BEGIN");
    await scan(db);
    await db.query(
      `CREATE TABLE kept AS SELECT * FROM axis_assignment WHERE axis_code = 'containment' AND object_ref = 'agents'`,
    );
    await db.query("DELETE FROM axis_assignment WHERE id = (SELECT id FROM kept)");
    await scan(db);
    await db.query("INSERT INTO axis_assignment SELECT * FROM kept");
    await scan(db);
    await db.query("COMMIT");
    expect((await ledger(db)).slice(1)).toEqual([
      ["test", "repeat", 38, 0, 0],
      ["test", "repeat", 39, 1, 0],
      ["test", "repeat", 38, 0, 1],
    ]);
  });
});

test("a containment assignment removed is missing 0 → 1 at the next scan, and resolved once it is back", async () => {
  await withDatabase("tier-6", async (db) => {
    const missing = () =>
      db.rows(`SELECT object_ref, status, scan_count FROM governance_drift_state
        WHERE detector_code = 'axis_assignment_missing' AND axis_code = 'containment'`);
    expect(await missing()).toEqual([]);
    await db.query(
      "CREATE TABLE kept AS SELECT * FROM axis_assignment WHERE axis_code = 'containment' AND object_ref = 'agents'",
    );
    await db.query("DELETE FROM axis_assignment WHERE id = (SELECT id FROM kept)");
    await scan(db);
    expect(await missing()).toEqual([["agents", "open", 1]]);
    expect(await open(db)).toBe(39);

    await db.query("INSERT INTO axis_assignment SELECT * FROM kept");
    await scan(db);
    expect(await missing()).toEqual([["agents", "resolved", 1]]);

    await db.query("DELETE FROM axis_assignment WHERE id = (SELECT id FROM kept)");
    await scan(db);
    expect(await missing()).toEqual([["agents", "open", 2]]);
    expect((await ledger(db)).slice(1)).toEqual([
      ["test", "repeat", 39, 1, 0],
      ["test", "repeat", 38, 0, 1],
      ["test", "repeat", 39, 1, 0],
    ]);
  });
});

test("candidate findings that are no longer so are deleted", async () => {
  await withDatabase("tier-6", async (db) => {
    await db.query(`UPDATE axis_assignment SET confidence = 0.9 WHERE object_ref = 'modules' AND axis_code = 'topic'`);
    await scan(db);
    expect(
      await db.value(`SELECT count(*)::int FROM axis_candidate_finding WHERE finding_type = 'low_confidence'`),
    ).toBe(0);
    expect(await db.value("SELECT count(*)::int FROM axis_candidate_finding")).toBe(32);
  });
});

test("two per-assignment rules may miss the same object: both findings are kept", async () => {
  await withDatabase("tier-6", async (db) => {
    await db.query(`DELETE FROM axis_assignment WHERE object_ref = 'taxonomy'`);
    await scan(db);
    const sql = `SELECT axis_code FROM governance_drift_state
      WHERE detector_code = 'axis_assignment_missing' AND object_ref = 'taxonomy' ORDER BY 1`;
    expect(await db.rows(sql)).toEqual([["containment"], ["topic"]]);
  });
});

test("a scan writes nothing outside its four tables", async () => {
  await withDatabase("tier-6", async (db) => {
    await db.query("SELECT pg_stat_force_next_flush()");
    await db.query("BEGIN");
    await scan(db);
    const written = await db.rows(
      `SELECT relname FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 ORDER BY 1`,
    );
    await db.query("ROLLBACK");
    expect(written).toEqual([["axis_candidate_finding"], ["governance_drift_state"], ["governance_scan_run"]]);
  });
});

test("a scan reads the labels of all entities once, and shares that among processes where they are many", async () => {
  await withDatabase("tier-6", async (db) => {
    // Every process that takes part in a reading counts once.
    const reading = async () => {
      const soFar = async () => {
        await db.query("SELECT pg_stat_force_next_flush()");
        return Number(await db.value("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'entity_labels'"));
      };
      const before = await soFar();
      await scan(db);
      return (await soFar()) - before;
    };
    expect(await reading()).toBe(1);
    await db.query("SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0");
    expect(await reading()).toBeGreaterThan(1);
  });
});
