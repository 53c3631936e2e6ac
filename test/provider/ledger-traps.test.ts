/** What others can put in the ledger's place, or into it: it is not read, not written and not run. */
import { rollout } from "../../tiers";
import { readLedger } from "../../provider/ledger/ledger";
import { createLedger, ledgerTable } from "../../provider/ledger/ledger-table";
import { database, withDatabase, type TestDatabase } from "../support/database/database";
import { meanwhile, providerSession } from "../support/database/session";
import { stateOf } from "../support/pulumi/applied";
import { heard, programOn } from "../support/pulumi/program";

const LEDGER = ledgerTable(rollout);

describe("a ledger that is not the plain table that a rollout makes is refused by what it is", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("empty");
    await db.query(`DO $$ BEGIN CREATE ROLE ledger_trapper; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
      CREATE FUNCTION public.spring() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'SPRUNG'; END $$;
      CREATE FUNCTION public.spring_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'SPRUNG'; END $$`);
  });

  test.each([
    [
      "a view",
      `ALTER TABLE ${LEDGER} RENAME TO kept; CREATE VIEW ${LEDGER} AS SELECT k.* FROM one_roof_rollout.kept k WHERE spring() > 0`,
      /it is no table/,
    ],
    ["a rule", `CREATE RULE r AS ON INSERT TO ${LEDGER} DO ALSO SELECT spring()`, /it has a rule/],
    [
      "a trigger",
      `CREATE TRIGGER t BEFORE INSERT ON ${LEDGER} FOR EACH ROW EXECUTE FUNCTION spring_trigger()`,
      /it has a trigger/,
    ],
    ["a default", `ALTER TABLE ${LEDGER} ALTER applied_by SET DEFAULT spring()::text`, /its columns are others/],
    ["another column", `ALTER TABLE ${LEDGER} ADD more integer DEFAULT spring()`, /its columns are others/],
    ["a check", `ALTER TABLE ${LEDGER} ADD CHECK (spring() > tier)`, /it has a constraint of others/],
    ["an index", `CREATE INDEX ON ${LEDGER} ((lower(digest)))`, /it has an index of others/],
    ["row security", `ALTER TABLE ${LEDGER} ENABLE ROW LEVEL SECURITY`, /it has row security/],
    ["a policy in wait", `CREATE POLICY p ON ${LEDGER} USING (spring() > 0)`, /it has row security/],
    ["an heir", `CREATE TABLE public.heir () INHERITS (${LEDGER})`, /it inherits/],
    [
      "another owner",
      `ALTER TABLE ${LEDGER} OWNER TO ledger_trapper`,
      /it belongs to ledger_trapper, its schema to postgres/,
    ],
    ["rows of others", `GRANT INSERT ON ${LEDGER} TO ledger_trapper`, /others may write it: ledger_trapper/],
    [
      "things of others beside it",
      "GRANT CREATE ON SCHEMA one_roof_rollout TO PUBLIC",
      /others may create in its schema: PUBLIC/,
    ],
  ])("%s", async (_, sql, said) => {
    const session = await providerSession(db.url);
    await session.query("BEGIN");
    await createLedger(session, rollout);
    await session.query("COMMIT");
    try {
      await meanwhile(session, sql, async () => {
        await expect(readLedger(session, rollout)).rejects.toThrow(said);
        await expect(createLedger(session, rollout)).rejects.toThrow(
          /is not the ledger that a rollout makes[^]*Nothing of it was read/,
        );
      });
    } finally {
      await db.query("DROP SCHEMA one_roof_rollout CASCADE");
    }
  });
});

test("a rollback that was written into the ledger is shown, and run by its hash alone", () =>
  withDatabase("signed", async (db) => {
    const run = programOn(db);
    const states = await run.up(3);
    await db.query(`CREATE TABLE public.loot (line text);
      UPDATE ${LEDGER} SET rollback_sql = replace(rollback_sql, E'\nCOMMIT;', E'\nCOPY (SELECT 1) TO PROGRAM ''touch /nowhere/at/all'';\nCOMMIT;') WHERE tier = 3`);

    await expect(run.destroy(stateOf(states, 3))).rejects.toThrow(
      /recorded when it was applied is not the one of this release/,
    );
    expect(heard(run)).toMatch(/^\+COPY \(SELECT 1\) TO PROGRAM/m);
    await expect(run.plan(2)).rejects.toThrow(/ROLLOUT_ACCEPT=[0-9a-f]{16}/);
    expect(await db.value("SELECT count(*)::int FROM governance_object_ownership")).toBe(30);
  }));

test("a ledger that was dropped does not make tiers absent that are there", () =>
  withDatabase("signed", async (db) => {
    const run = programOn(db);
    const states = await run.up(6);
    await db.query("DROP SCHEMA one_roof_rollout CASCADE");

    await expect(run.destroy(stateOf(states, 6))).rejects.toThrow(
      /Tier 6 \(Scanner baseline\) is not in the ledger[^]*there is still: [^]*38 own rows in public\.governance_drift_state/,
    );
    expect(heard(run)).not.toContain("nothing of it is there");
  }));
