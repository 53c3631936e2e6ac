import { catalogAndRows, differences } from "../support/database/compare";
import { NO_APPROVAL, owner } from "../support/faults/faults";
import { withDatabase, type State, type TestDatabase } from "../support/database/database";
import {
  FULL_ROLLBACK,
  PER_TIER_ROLLBACK,
  rollbackFile,
  RUN_ALL,
  TIERS,
  withSabotage,
  type Tier,
} from "../support/database/files";
import { failedGates, refusal, refusedAt } from "../support/database/refusal";

const before = (tier: Tier): State => (tier === 1 ? "signed" : `tier-${(tier - 1) as Tier}`);

/** Facts of a database that its own copy in another state must have too: a copy has other file numbers and another name. */
const comparable = async (db: TestDatabase) => {
  const snapshot = await catalogAndRows(db.url);
  return { ...snapshot, catalog: snapshot.catalog.filter((line) => !line.startsWith("setting of")) };
};

describe("each tier rolled back alone", () => {
  test.each([...TIERS])("Tier %i leaves what it found", async (tier) => {
    await withDatabase(before(tier), async (found) => {
      await withDatabase(`tier-${tier}`, async (db) => {
        const { code, stdout } = await db.file(rollbackFile(tier));
        expect(code).toBe(0);
        expect(stdout).toMatch(/ROLLBACK PASS/);
        const left = differences(await comparable(found), await comparable(db)).filter((line) => !TRUNCATED.test(line));
        expect(left).toEqual([]);
      });
    });
  });

  test.each([...TIERS])("Tier %i a second time passes and changes nothing", async (tier) => {
    await withDatabase(`tier-${tier}`, async (db) => {
      expect((await db.file(rollbackFile(tier))).code).toBe(0);
      const once = await catalogAndRows(db.url);
      expect((await db.file(rollbackFile(tier))).code).toBe(0);
      expect(differences(once, await catalogAndRows(db.url)).filter((line) => !TRUNCATED.test(line))).toEqual([]);
    });
  });
});

/** TRUNCATE gives a table and its indexes new files, which is all that Tier 6's rollback leaves behind. */
const TRUNCATED =
  /^[-+] relation public\.(uq_)?(governance_drift_state|governance_scan_run|governance_event_log|axis_candidate_finding)\S* /;

describe("the whole rollout undone", () => {
  test.each([
    ["tier by tier", PER_TIER_ROLLBACK, "ROLLBACK COMPLETE"],
    ["in one go", FULL_ROLLBACK, "ROLLBACK PASS"],
  ])("%s leaves the very database it found", async (_, file, says) => {
    await withDatabase("signed", async (db) => {
      const found = await catalogAndRows(db.url, { dump: true });
      expect((await db.file(RUN_ALL)).code).toBe(0);
      expect(differences(found, await catalogAndRows(db.url, { dump: true })).length).toBeGreaterThan(43);
      const { code, stdout } = await db.file(file);
      expect([code, stdout]).toEqual([0, expect.stringContaining(says)]);
      expect(differences(found, await catalogAndRows(db.url, { dump: true }))).toEqual([]);
    });
  });

  test.each([
    ["tier by tier", PER_TIER_ROLLBACK],
    ["in one go", FULL_ROLLBACK],
  ])("%s a second time, and on a database that never had it, changes nothing", async (_, file) => {
    await withDatabase("unsigned", async (db) => {
      const found = await catalogAndRows(db.url);
      expect((await db.file(file)).code).toBe(0);
      expect((await db.file(file)).code).toBe(0);
      expect(differences(found, await catalogAndRows(db.url))).toEqual([]);
    });
  });

  test.each([...TIERS])("in one go after Tier %i alone", async (tier) => {
    await withDatabase("signed", async (found) => {
      await withDatabase(`tier-${tier}`, async (db) => {
        expect((await db.file(FULL_ROLLBACK)).code).toBe(0);
        expect(differences(await comparable(found), await comparable(db))).toEqual([]);
      });
    });
  });

  test("and rolled out again ends where it ended before", async () => {
    await withDatabase("signed", async (db) => {
      for (const file of [RUN_ALL, PER_TIER_ROLLBACK, RUN_ALL, FULL_ROLLBACK, RUN_ALL]) {
        expect((await db.file(file)).code).toBe(0);
      }
      expect(await db.value(`SELECT count(*)::int FROM governance_drift_state WHERE status = 'open'`)).toBe(38);
    });
  });

  test("a withdrawn approval does not block the way back", async () => {
    await withDatabase("tier-6", async (db) => {
      await db.query(NO_APPROVAL);
      expect((await db.file(PER_TIER_ROLLBACK)).code).toBe(0);
      expect(await db.value("SELECT count(*)::int FROM v_object_owner_gap")).toBe(210);
    });
  });

  test.each([
    ["tier by tier", PER_TIER_ROLLBACK],
    ["in one go", FULL_ROLLBACK],
  ])("%s, an owner that others appointed is a stop until it is accepted, and then stays", async (_, file) => {
    await withDatabase("tier-6", async (db) => {
      await db.query(owner(`'collection', 'agents', 'audit', 'accountable', 'GOV-MOT'`));
      const { code, stderr } = await db.file(file);
      expect([code, failedGates(stderr)]).toEqual([3, ["ownership_rows", "ownership_gap"]]);
      expect(stderr).toContain("-v accept='ownership_rows 1; ownership_gap 209'");
      const accept = "ownership_rows 1; ownership_gap 209";
      expect((await db.file(file, { "one_roof.accept": accept })).code).toBe(0);
      expect(await db.value("SELECT count(*)::int FROM governance_object_ownership")).toBe(1);
      expect(await db.value("SELECT count(*)::int FROM v_object_owner_gap")).toBe(209);
    });
  });

  test("a scope retired since leaves 175 cells, not the 210 of the entry: a stop until it is accepted", async () => {
    await withDatabase("tier-3", async (db) => {
      await db.query("UPDATE governance_responsibility_scope SET status = 'retired' WHERE scope_code = 'audit'");
      expect(await refusal(db, rollbackFile(3))).toEqual(refusedAt("ownership_gap"));
      expect((await db.file(rollbackFile(3), { "one_roof.accept": "ownership_gap 175" })).code).toBe(0);
    });
  });

  test("a collection born meanwhile does not block the way back", async () => {
    await withDatabase("tier-6", async (db) => {
      await db.query(`INSERT INTO collection_registry (collection_name, "group", governance_role, coverage_status, migration_state)
        VALUES ('newborn', 'GRP-NEW', 'governed', 'BIRTH_REQUIRED', 'born')`);
      expect((await db.file(FULL_ROLLBACK)).code).toBe(0);
      expect(await db.value("SELECT count(*)::int FROM v_object_owner_gap")).toBe(216);
    });
  });

  test("the prerequisite views are still those of before", async () => {
    await withDatabase("tier-6", async (db) => {
      const views = `SELECT oid::int, relname FROM pg_class WHERE relname LIKE 'v\\_%' AND relname ~ 'object' AND relname !~ '^v_ui' ORDER BY 2`;
      const found = await db.rows(views);
      expect(found).toHaveLength(5);
      await db.file(FULL_ROLLBACK);
      expect(await db.rows(views)).toEqual(found);
    });
  });
});

describe("a rollback refuses", () => {
  test.each([...TIERS])("of Tier %i in another database than the one named", async (tier) => {
    await withDatabase(`tier-${tier}`, async (db) => {
      expect(await refusal(db, rollbackFile(tier), { "one_roof.database": "directus" })).toEqual(refusedAt("database"));
    });
  });

  test.each([2, 3, 4, 5] as const)("of Tier %i while the tier above is there", async (tier) => {
    await withDatabase(`tier-${(tier + 1) as Tier}`, async (db) => {
      expect(await refusal(db, rollbackFile(tier))).toEqual(refusedAt("later_tier_rows"));
    });
  });

  /** What keeps rows from going: a trigger that swallows every DELETE. */
  const HELD = (table: string) => `
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER hold BEFORE DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION hold()`;

  test.each([
    [2, "axis_registry", ["tier_rows"]],
    [3, "governance_object_ownership", ["ownership_seeded", "ownership_rows", "ownership_gap"]],
    [4, "axis_registry", ["tier_rows"]],
    [5, "topic_taxonomy_map", ["tier_rows"]],
  ] as const)("of Tier %i when rows of %s do not go", async (tier, table, gates) => {
    await withDatabase(`tier-${tier}`, async (db) => {
      await db.query(HELD(table));
      expect(await refusal(db, rollbackFile(tier))).toEqual(refusedAt(...gates));
    });
  });

  test.each([
    [6, "a scan run", `INSERT INTO governance_scan_run (actor, mode) VALUES ('x', 'x')`, ["tier_rows"]],
    [3, "no way to measure the gap", "DROP VIEW v_object_owner_gap CASCADE", ["ownership_gap"]],
    [1, "no way to measure the gap", "DROP VIEW v_object_owner_gap CASCADE", ["ownership_gap"]],
    [1, "a namesake of the 43", "CREATE TABLE governance_event_log ()", ["axis_objects"]],
  ] as const)("of Tier %i when it would leave %s", async (tier, _what, fault, gates) => {
    await withDatabase(`tier-${tier}`, async (db) => {
      const result = await withSabotage(rollbackFile(tier), fault, (file) => refusal(db, file));
      expect(result).toEqual(refusedAt(...gates));
    });
  });

  test("in one go when the ownership seed does not go", async () => {
    await withDatabase("tier-3", async (db) => {
      await db.query(HELD("governance_object_ownership"));
      const { code, gates, changes } = await refusal(db, FULL_ROLLBACK);
      expect({ code, changes }).toEqual({ code: 3, changes: [] });
      expect(gates).toContain("ownership_seeded");
    });
  });

  test("when a view of others reads one of the 43, naming it", async () => {
    await withDatabase("tier-6", async (db) => {
      await db.query("CREATE VIEW report AS SELECT * FROM v_ui_lane");
      const found = await catalogAndRows(db.url);
      const { code, stderr } = await db.file(FULL_ROLLBACK);
      expect([code, stderr]).toEqual([3, expect.stringContaining("report")]);
      expect(differences(found, await catalogAndRows(db.url))).toEqual([]);
    });
  });

  test("when others hang rows on a seeded value, and the earlier tiers’ rollbacks stay done", async () => {
    await withDatabase("tier-6", async (db) => {
      await db.query(`INSERT INTO axis_assignment (object_type, object_ref, axis_code, value_code, zone, provenance, assigned_kind)
        VALUES ('collection', 'articles', 'containment', 'GRP-AI', 'approved', '{}', 'human')`);
      const { code, stderr } = await db.file(PER_TIER_ROLLBACK);
      expect([code, stderr]).toEqual([3, expect.stringContaining("axis_assignment")]);
      expect(await db.value(`SELECT count(*)::int FROM axis_registry WHERE axis_code = 'topic'`)).toBe(0);
      expect(await db.value(`SELECT count(*)::int FROM axis_assignment WHERE axis_code = 'containment'`)).toBe(36);
      expect(await db.value("SELECT count(*)::int FROM governance_object_ownership")).toBe(30);
    });
  });
});
