/** What rollbacks by psql do to the ledger. */
import { readLedger, writeLedger } from "../../provider/ledger/ledger";
import { createLedger } from "../../provider/ledger/ledger-table";
import type { Session } from "../../provider/postgres/session";
import { rollout } from "../../tiers";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, withDatabase, type TestDatabase } from "../support/database/database";
import { rollbackFile, TIERS } from "../support/database/files";
import { providerSession } from "../support/database/session";
import { LEDGER_ENTRY as ENTRY } from "../support/faults/rewrite";
import { removeRoles } from "../support/database/roles";

describe("the ledger of the rollout, rolled back by psql", () => {
  let db: TestDatabase;
  let session: Session;

  beforeAll(async () => {
    db = await database("tier-6");
    session = await providerSession(db.url);
    await createLedger(session, rollout);
    for (const tier of TIERS) await writeLedger(session, rollout, { ...ENTRY, tier });
  });

  test.each([
    ["to write into it", "LOCK TABLE one_roof_rollout.ledger IN SHARE MODE", 6, "SHARE"],
    ["to drop it", "SELECT FROM one_roof_rollout.ledger", 1, "ACCESS SHARE"],
  ] as const)("names who is in the way of a rollback that wants %s", async (_, holds, tier, mode) => {
    const other = await db.connect();
    await other.query(`BEGIN; ${holds}`);
    const { code, stderr } = await db.file(rollbackFile(tier), { "one_roof.lock_timeout": "50ms" });
    await other.query("ROLLBACK");
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(/: one_roof_rollout\.ledger is locked by pid \d+, .* which holds /),
    ]);
    expect(stderr).toMatch(new RegExp(`which holds ${mode}$`, "m"));
  });

  test.each([6, 5, 4, 3, 2] as const)(
    "is told of the rollback of Tier %i, once, by a row that chains",
    async (tier) => {
      expect((await db.file(rollbackFile(tier))).code).toBe(0);
      expect((await db.file(rollbackFile(tier))).code).toBe(0);
      expect([...(await readLedger(session, rollout)).keys()]).toEqual(TIERS.filter((each) => each < tier));
      expect(await db.rows("SELECT tier, action FROM one_roof_rollout.ledger ORDER BY position OFFSET 6")).toEqual(
        [6, 5, 4, 3, 2].filter((each) => each >= tier).map((each) => [each, "rolled back"]),
      );
    },
  );

  test.each([
    [
      "a trigger",
      "CREATE TRIGGER t BEFORE INSERT ON one_roof_rollout.ledger FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ],
    ["a check", "ALTER TABLE one_roof_rollout.ledger ADD CHECK (position < 100)"],
    [
      "a view",
      "ALTER TABLE one_roof_rollout.ledger RENAME TO kept; CREATE VIEW one_roof_rollout.ledger AS SELECT * FROM one_roof_rollout.kept",
    ],
    ["a default", "ALTER TABLE one_roof_rollout.ledger ADD more text DEFAULT current_user"],
    [
      "a domain, which checks what it is given",
      "CREATE DOMAIN public.watched AS text CHECK (VALUE IS NOT NULL); ALTER TABLE one_roof_rollout.ledger ALTER previous TYPE public.watched",
    ],
    ["an index", "CREATE INDEX ON one_roof_rollout.ledger ((lower(digest)))"],
    [
      "the table of an earlier release",
      "DROP TABLE one_roof_rollout.ledger; CREATE TABLE one_roof_rollout.ledger (tier integer PRIMARY KEY)",
    ],
  ])("is not touched where it is not the one that this release makes: %s", async (_, sql) => {
    await withDatabase("tier-2", async (own) => {
      const other = await providerSession(own.url);
      await createLedger(other, rollout);
      await writeLedger(other, rollout, { ...ENTRY, tier: 2 });
      await other.close();
      await own.query(sql);
      const before = await catalogAndRows(own.url);
      const { code, stderr } = await own.file(rollbackFile(2));
      expect(code).not.toBe(0);
      expect(stderr).toContain("Tier 2 rollback: one_roof_rollout.ledger is not the ledger that this release makes");
      expect(differences(before, await catalogAndRows(own.url))).toEqual([]);
    });
  });

  test("goes with Tier 1, and its schema with it", async () => {
    expect((await db.file(rollbackFile(1))).code).toBe(0);
    expect(await db.value(`SELECT to_regnamespace('one_roof_rollout')::text`)).toBeNull();
  });

  test("goes with Tier 1, but without its schema where roles take part", async () => {
    await removeRoles();
    await withDatabase("tier-1", async (own) => {
      await own.query(`CREATE ROLE one_roof_access; CREATE SCHEMA one_roof_access AUTHORIZATION one_roof_access;
        CREATE SCHEMA one_roof_rollout; CREATE TABLE one_roof_rollout.ledger (position integer)`);
      try {
        expect((await own.file(rollbackFile(1))).code).toBe(0);
        expect(await own.value("SELECT to_regclass('one_roof_rollout.ledger')::text")).toBeNull();
        expect(await own.value("SELECT to_regnamespace('one_roof_rollout')::text")).toBe("one_roof_rollout");
      } finally {
        await own.query("DROP OWNED BY one_roof_access; DROP ROLE one_roof_access");
      }
    });
  });
});
