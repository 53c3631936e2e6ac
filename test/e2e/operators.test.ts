import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { engine, type Engine, WITHOUT_PACK } from "../support/pulumi/engine";
import { PER_TIER_ROLLBACK, RUN_ALL } from "../support/database/files";
import { thorough } from "../support/faults/random";
import { leftovers, refuse, succeed } from "../support/pulumi/operator";
import { type Ends, endsOf } from "../support/pulumi/outcome";
import { until } from "../support/until";

/*
 * Two operators with a state each, and one with psql, on one database: one wins, the others wait or are refused with the
 * winner's name, and what is there in the end is one whole rollout or none.
 */

let db: TestDatabase;
let mine: Engine;
let theirs: Engine;
let toBaseline: Ends["toBaseline"];
let toEnd: Ends["toEnd"];

beforeAll(async () => {
  db = await database("signed");
  mine = engine(db.url, WITHOUT_PACK);
  theirs = engine(db.url, WITHOUT_PACK);
  ({ toBaseline, toEnd } = await endsOf(db));
});

const rolloutId = () => db.value<string>("SELECT DISTINCT rollout_id::text FROM one_roof_rollout.ledger");

describe("two operators, each with a state of their own", () => {
  let winner: Engine;
  let loser: Engine;

  test("both run up at once: one applies everything, the other is refused with the winner's name", async () => {
    const [one, other] = await Promise.all([mine.up("--skip-preview"), theirs.up("--skip-preview")]);
    expect([one.code, other.code].filter((code) => code === 0)).toHaveLength(1);
    [winner, loser] = one.code === 0 ? [mine, theirs] : [theirs, mine];
    const refused = one.code === 0 ? other : one;
    expect(refused.output).toMatch(new RegExp(`${await rolloutId()}|Another rollout is at work`));
    expect(await toEnd()).toEqual([]);
    expect(await leftovers(db)).toEqual([]);
  });

  test("the other stack is refused on the finished rollout, and told how to take it over", async () => {
    const preview = await refuse(loser.preview());
    expect(preview.output).toContain(`config set adopt ${await rolloutId()}`);
    const destroy = await loser.destroy("--skip-preview");
    expect(await toEnd()).toEqual([]);
    expect(destroy.output).not.toContain("rolled back and proven");
  });

  test("named for adoption, the rollout is taken over as it is", async () => {
    loser.configure({ adopt: await rolloutId() });
    const before = await catalogAndRows(db.url);
    const { output } = await succeed(loser.up("--skip-preview"));
    expect(output).toContain("adopted, nothing was changed");
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
    expect(loser.resources()).toHaveLength(8);
  });

  thorough(
    "one runs up while the other destroys: the state of the database stays whole, and one destroy ends at the baseline",
    async () => {
      await Promise.all([winner.up("--skip-preview"), loser.destroy("--skip-preview")]);
      const tiers = (await catalogAndRows(db.url)).rows["one_roof_rollout.ledger"];
      if (tiers === undefined) expect(await toBaseline()).toEqual([]);
      else await succeed(loser.up("--skip-preview"));
      if (tiers !== undefined) expect(await toEnd()).toEqual([]);
      for (const stack of [loser, winner]) {
        await succeed(stack.destroy("--skip-preview"));
        expect(stack.resources()).toEqual([]);
      }
      expect(await toBaseline()).toEqual([]);
    },
  );
});

thorough("pulumi and psql at once: one whole rollout, and the other is refused", async () => {
  mine.configure({ adopt: undefined });
  const [up, psql] = await Promise.all([mine.up("--skip-preview"), psqlSoon()]);
  expect([up.code === 0, psql.code === 0].filter(Boolean)).toHaveLength(1);
  if (up.code === 0) {
    expect(await toEnd()).toEqual([]);
    expect(psql.stderr).toMatch(/rollout lock|axis_objects|held by/i);
    await succeed(mine.destroy("--skip-preview"));
  } else {
    expect(psql.stdout).toContain("ROLLOUT COMPLETE — ALL TIERS PASSED");
    expect(up.output).toMatch(/axis_objects|Another rollout is at work|adopt psql/);
    expect((await db.file(PER_TIER_ROLLBACK)).code).toBe(0);
  }
  expect(await toBaseline()).toEqual([]);
});

/** The whole rollout by hand, started when the other operator is known to be at work. */
async function psqlSoon() {
  const working =
    "SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'one-roof%'";
  await until(async () => (await db.value(working)) !== 0, 30_000);
  return db.file(RUN_ALL);
}
