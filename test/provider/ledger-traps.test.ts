/** What others can put in the ledger's place, or into it: it is not read, not written and not run. */
import { rollout } from "../../tiers";
import { readLedger } from "../../provider/ledger/ledger";
import { createLedger } from "../../provider/ledger/ledger-table";
import type { TierState } from "../../provider/model/tier-inputs";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, withDatabase, type TestDatabase } from "../support/database/database";
import { rollbackFile } from "../support/database/files";
import { meanwhile, providerSession } from "../support/database/session";
import { LEDGER, RECHAIN } from "../support/faults/rewrite";
import { stateOf } from "../support/pulumi/applied";
import { heard, type Program, programOn } from "../support/pulumi/program";

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
    [
      "columns of others",
      `GRANT UPDATE (report) ON ${LEDGER} TO ledger_trapper`,
      /others may write it: ledger_trapper/,
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
      UPDATE ${LEDGER} SET rollback_sql = replace(rollback_sql, E'\nCOMMIT;', E'\nCOPY (SELECT 1) TO PROGRAM ''touch /nowhere/at/all'';\nCOMMIT;') WHERE tier = 3;
      ${RECHAIN}`);

    // A state that remembers no row, for one that does refuses before.
    await expect(run.destroy({ ...stateOf(states, 3), ledgerHash: undefined })).rejects.toThrow(
      /recorded when it was applied is not the one of this release/,
    );
    expect(heard(run)).toMatch(/^\+COPY \(SELECT 1\) TO PROGRAM/m);
    await expect(run.plan(2)).rejects.toThrow(/ROLLOUT_ACCEPT=[0-9a-f]{16}/);
    expect(await db.value("SELECT count(*)::int FROM governance_object_ownership")).toBe(30);
  }));

describe("a ledger that was dropped does not make tiers absent that are there", () => {
  let db: TestDatabase;
  let run: Program;
  let states: TierState[];

  beforeAll(async () => {
    db = await database("signed");
    run = programOn(db);
    states = await run.up(6);
    await db.query("DROP SCHEMA one_roof_rollout CASCADE");
  });

  test.each([
    [6, "38 own rows in public.governance_drift_state"],
    [5, "own rows in public.topic_taxonomy_map"],
    [4, "own rows in public.axis_object_ownership"],
    [3, "30 own rows in public.governance_object_ownership"],
    [2, "own rows in public.axis_registry"],
    [1, "table public.axis_registry"],
  ])("Tier %i: destroy and refresh say what is still there", async (tier, left) => {
    const before = await catalogAndRows(db.url);
    for (const way of [(state: TierState) => run.destroy(state), (state: TierState) => run.read(state)]) {
      const refusal = await way(stateOf(states, tier)).then(() => "nothing", String);
      expect(refusal).toMatch(new RegExp(`Tier ${tier} \\(.*\\) is not in the ledger[^]*there is still: `));
      expect(refusal).toContain(left);
    }
    expect(heard(run)).not.toMatch(/nothing of it is there|is gone/);
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  });

  test("nor do rows count as absent that a policy hides", async () => {
    await db.query(`CREATE ROLE ledger_blind LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ledger_blind;
      GRANT EXECUTE ON FUNCTION pg_control_system() TO ledger_blind;
      ALTER TABLE governance_object_ownership ENABLE ROW LEVEL SECURITY`);
    try {
      const blind = programOn(db, {}, { url: db.url.replace("//postgres@", "//ledger_blind@") });
      await expect(blind.destroy(stateOf(states, 3))).rejects.toThrow(
        /row-level security policy for table "governance_object_ownership"/,
      );
      expect(heard(blind)).not.toContain("nothing of it is there");
    } finally {
      await db.query(
        `ALTER TABLE governance_object_ownership DISABLE ROW LEVEL SECURITY; DROP OWNED BY ledger_blind; DROP ROLE ledger_blind`,
      );
    }
  });
});

test("a ledger that an earlier version made is told as that, and nothing of it is run", () =>
  withDatabase("signed", async (db) => {
    const run = programOn(db);
    const states = await run.up(2);
    await db.query(`ALTER TABLE ${LEDGER} RENAME TO log;
      CREATE TABLE ${LEDGER} AS SELECT tier, rollout_id, digest, parameters, report, entry, exit, detail, readings, apply_sql, rollback_sql,
        applied_at, applied_by FROM one_roof_rollout.log; DROP TABLE one_roof_rollout.log; ALTER TABLE ${LEDGER} ADD PRIMARY KEY (tier)`);
    const before = await catalogAndRows(db.url);

    const earlier =
      /was made by an earlier version of this provider[^]*The release which applied it rolls it back[^]*nothing was changed/;
    for (const way of [
      () => run.plan(),
      () => run.plan(-1),
      () => run.read(stateOf(states, 2)),
      () => run.destroy(stateOf(states, 2)),
    ]) {
      await expect(way()).rejects.toThrow(earlier);
    }
    const byPsql = await db.file(rollbackFile(2));
    expect(byPsql.code).not.toBe(0);
    expect(byPsql.stderr).toContain("is not the ledger that this release makes");
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  }));
