/** Names and operators that others leave in schema public, and a path that leads to them, take no part in what we do. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describeStop } from "../../provider/model/describe";
import { NO_APPROVAL } from "../support/faults/faults";
import { RATIFIED, withDatabase, type TestDatabase } from "../support/database/database";
import { PER_TIER_ROLLBACK, RUN_ALL } from "../support/database/files";
import { programOn } from "../support/pulumi/program";

const TRAPS = readFileSync(path.join(__dirname, "../support/faults/trap-names.sql"), "utf8");

const PATHS: readonly (readonly [what: string, settings: (db: TestDatabase) => string])[] = [
  ["traps alone", () => "SELECT 1"],
  ["traps before PostgreSQL's own names", ({ name }) => `ALTER DATABASE ${name} SET search_path = public, pg_catalog`],
];

describe.each(PATHS)("%s", (_, settings) => {
  test("are not called by psql, up and down", () =>
    withDatabase("signed", async (db) => {
      await db.query(TRAPS);
      await db.query(settings(db));
      const up = await db.psql(["-v", `ratified_apr=${RATIFIED}`, "-f", RUN_ALL]);
      expect([up.code, up.stderr]).toEqual([0, ""]);
      const probe = await db.psql(["-At", "-f", "sql/prod_verify/baseline_probe.sql"]);
      expect([probe.code, probe.stderr, probe.stdout]).toEqual([0, "", expect.stringContaining("ownership_rows|30")]);
      const back = await db.psql(["-f", PER_TIER_ROLLBACK]);
      expect([back.code, back.stderr]).toEqual([0, ""]);
      const gate = await db.psql(["-At", "-f", "sql/gate_monitor/gate_check.sql"], {
        "one_roof.ratified_apr": RATIFIED,
      });
      expect([gate.stdout.trim(), gate.stderr]).toEqual(["READY|", ""]);
    }));

  test("are not called by the provider, up, on a look and down", () =>
    withDatabase("signed", async (db) => {
      await db.query(TRAPS);
      await db.query(settings(db));
      const run = programOn(db);
      const states = await run.up();
      for (const state of states) await run.read(state);
      expect((await run.plan()).run.verdict).toBe("PASS");
      for (const state of states.toReversed()) await run.destroy(state);
      expect(await db.value("SELECT pg_catalog.to_regclass('public.axis_registry')::text")).toBeNull();
    }));
});

describe("an executor that forges the approval by names of its own", () => {
  /** What was done: the functions that take and judge readings, in a schema before PostgreSQL's own on the login's path. */
  const FORGERY = `CREATE SCHEMA evil;
    CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS
      $$ SELECT pg_catalog.set_config($1, CASE $1 WHEN 'search_path' THEN 'evil, public, pg_catalog' ELSE $2 END, $3) $$;
    CREATE FUNCTION evil.query_to_xml(query text, a boolean, b boolean, c text) RETURNS xml LANGUAGE sql AS
      $$ SELECT CASE WHEN query LIKE '%os_proposal_approvals%' THEN '<table><row><count>1</count></row></table>'::xml
                ELSE pg_catalog.query_to_xml(query, a, b, c) END $$;
    CREATE FUNCTION evil.ge(numeric, numeric) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR evil.>= (FUNCTION = evil.ge, LEFTARG = numeric, RIGHTARG = numeric);`;

  test("is refused by psql, by the gate monitor and by the rehearsal", () =>
    withDatabase("signed", async (db) => {
      await db.query(`${NO_APPROVAL}; ${FORGERY} ALTER DATABASE ${db.name} SET search_path = evil, public, pg_catalog`);
      const { code, stderr } = await db.psql(["-v", `ratified_apr=${RATIFIED}`, "-f", RUN_ALL]);
      expect([code, stderr]).toEqual([3, expect.stringContaining("ospa expected >= 1, measured 0")]);
      const gate = await db.psql(["-At", "-f", "sql/gate_monitor/gate_check.sql"]);
      expect(gate.stdout).toContain("ospa: ospa<1;");
      const { run } = await programOn(db).plan();
      expect([run.verdict, run.stops.map(describeStop).join("\n")]).toEqual(["STOP", expect.stringContaining("ospa")]);
    }));
});

describe("a setting by which the provider tells the files what it does itself", () => {
  test("does not lift the row deltas of psql where a role or a database has it", () =>
    withDatabase("signed", async (db) => {
      await db.query(`ALTER DATABASE ${db.name} SET one_roof.deltas = 'measured'; ALTER DATABASE ${db.name} SET one_roof.measured = 'yes';
        CREATE FUNCTION also() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN UPDATE public.governance_relations SET status = status; RETURN NULL; END $$;
        CREATE TRIGGER also AFTER INSERT ON governance_object_ownership EXECUTE FUNCTION also()`);
      const { code, stderr } = await db.psql(["-v", `ratified_apr=${RATIFIED}`, "-f", RUN_ALL]);
      expect([code, stderr]).toEqual([3, expect.stringContaining("stop gates failed: row_deltas")]);
    }));

  test("does not accept a loss", () =>
    withDatabase("tier-6", async (db) => {
      await db.query(`ALTER DATABASE ${db.name} SET one_roof.losses = 'accepted';
        INSERT INTO coverage_rule (rule_code, axis_code, coverage_mode, status) VALUES ('OTHERS', 'topic', 'per_assignment', 'candidate')`);
      const { code, stderr } = await db.psql(["-f", PER_TIER_ROLLBACK]);
      expect([code, stderr]).toEqual([
        3,
        expect.stringContaining("others_rows expected = none, measured coverage_rule 1"),
      ]);
    }));
});
