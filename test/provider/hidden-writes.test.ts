/*
 * Attacks on the delta contract from a tier's own file, by the whole way that a run takes: its rehearsal names them, and so
 * does create, which is handed a verdict that somebody has forged.
 */
import { describeStop } from "../../provider/model/describe";
import type { TierState } from "../../provider/model/tier-inputs";
import { cases } from "../support/cases";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase, withDatabase } from "../support/database/database";
import { follow, programOn } from "../support/pulumi/program";
import { before, withProject } from "../support/pulumi/project";

const FILE = "sql/prod/30_ownership_seed.sql";

let db: TestDatabase;
let states: TierState[];

beforeAll(async () => {
  db = await database("signed");
  states = await programOn(db).up(2);
});

test.each(cases`
  rows that are written while counting is off | PERFORM set_config('track_' || 'counts', 'off', true); UPDATE public.dot_tools SET status = status; PERFORM set_config('track_' || 'counts', 'on', true) | table public.dot_tools was written to
  a password | EXECUTE 'ALT' || 'ER ROLE postgres PASSWORD NULL' | undeclared write in pg_catalog.pg_authid
  a sequence of the application | EXECUTE 'SELECT set' || 'val(''public.approval_requests_id_seq'', 9999)' | sequence public.approval_requests_id_seq was moved
  the sequence of the table that it may write | EXECUTE 'SELECT set' || 'val(''public.governance_object_ownership_id_seq'', 9999 + nextval(''public.governance_object_ownership_id_seq''))' | sequence public.governance_object_ownership_id_seq was moved
  the same, set back | EXECUTE 'SELECT set' || 'val(''public.governance_object_ownership_id_seq'', currval(''public.governance_object_ownership_id_seq'') - 5000)' | sequence public.governance_object_ownership_id_seq was moved
  a right on a function of PostgreSQL | EXECUTE 'GRA' || 'NT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings() TO PUBLIC' | system catalog pg_proc was altered
`)("%s: refused by name, and nothing is changed", async (_, attack, told) => {
  const start = await catalogAndRows(db.url);
  await withProject([before("exit", FILE, `DO $$ BEGIN ${attack}; END $$`)], async (root) => {
    const attacked = programOn(db, {}, { root });
    const { run, inputs } = await attacked.plan(3);
    expect([run.verdict, run.stops.map(describeStop).join("\n")]).toEqual(["STOP", expect.stringContaining(told)]);
    const forged = inputs.find(({ tier }) => tier === 3)!;
    const create = attacked.create(follow({ ...forged, run: { ...forged.run, verdict: "PASS", stops: [] } }, states));
    await expect(create).rejects.toThrow(told);
  });
  expect(differences(start, await catalogAndRows(db.url))).toEqual([]);
});

test("a database in which no rows are counted is refused before anything else is asked", async () => {
  await withDatabase("signed", async (uncounted) => {
    await uncounted.query(`ALTER DATABASE ${uncounted.name} SET track_counts = off`);
    await expect(programOn(uncounted).plan()).rejects.toThrow(
      /^The server at .* does not count what a transaction writes \(track_counts is off\).*Nothing was changed\.$/,
    );
  });
});
