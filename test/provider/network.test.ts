import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { follow, heard, type Program, programOn } from "../support/pulumi/program";
import { shapeOf, withoutOwnFiles } from "../support/pulumi/outcome";
import { type NetworkFault, proxy, type Proxy } from "../support/faults/proxy";
import { draw, SEED, someOf } from "../support/faults/random";
import type { TierInputs, TierState } from "../../provider/model/tier-inputs";

/*
 * The provider's hooks through a network that breaks at a chosen round trip. Whatever the operator was told, running the
 * same hook again must end in exactly the end state, or in exactly what was there before. `CHAOS=all` breaks at every
 * single round trip, `CHAOS_SEED` chooses others.
 */

const BOUND_MS = process.env.CHAOS === "all" ? 3_600_000 : 120_000;

const LOST = "The connection to the database was lost";

let db: TestDatabase;
let network: Proxy;
let calls: Program;
let planned: TierInputs[];
/** States of the tiers that stand. */
let standing: TierState[];

beforeAll(async () => {
  db = await database("signed");
  network = await proxy(db.url);
  calls = programOn(db, { statementTimeout: "5s" }, { url: network.url });
  ({ inputs: planned } = await calls.plan());
  standing = [];
});

async function standBefore(tier: number): Promise<TierInputs> {
  while (planned[standing.length].tier < tier) {
    standing.push(await calls.create(follow(planned[standing.length], standing)));
  }
  return follow(planned[standing.length], standing);
}

/** Runs a hook through a fault; true if it told of success all the same. */
async function through(fault: NetworkFault, work: () => Promise<unknown>): Promise<boolean> {
  network.watch(fault);
  const succeeded = await work().then(
    () => true,
    () => false,
  );
  expect(network.broken()).toBe(true);
  network.watch();
  network.heal();
  return succeeded;
}

async function inLedger(tier: number): Promise<boolean> {
  const [{ known }] = await db.query("SELECT to_regclass('one_roof_rollout.ledger') IS NOT NULL AS known");
  if (!known) return false;
  return (await db.query("SELECT FROM one_roof_rollout.ledger WHERE tier = $1", [tier])).length === 1;
}

const moments = ["before", "answered"] as const;

describe.each([1, 4, 6])("the connection breaks in tier %i", (tier) => {
  test(
    `at round trips drawn by seed ${SEED}: the second try is exact, up and down`,
    async () => {
      const inputs = await standBefore(tier);
      const before = withoutOwnFiles(await catalogAndRows(db.url));
      network.watch();
      let state = await calls.create(inputs);
      const up = network.trips().length;
      const after = shapeOf(await catalogAndRows(db.url));
      network.watch();
      await calls.destroy(state);
      const down = network.trips().length;

      const [atUp, atDown] = [draw(someOf(up, 2), SEED + tier, 2), draw(someOf(down, 2), SEED - tier, 2)];
      for (const [index, moment] of moments.entries()) {
        for (const at of atUp[index]) {
          const told = await through({ at, moment, kind: "cut" }, () => calls.create(inputs));
          if (told) expect(await inLedger(tier)).toBe(true);
          state = await calls.create(inputs);
          expect({ at, moment, left: differences(after, shapeOf(await catalogAndRows(db.url))) }).toEqual({
            at,
            moment,
            left: [],
          });
          await calls.destroy(state);
        }
        for (const at of atDown[index]) {
          state = await calls.create(inputs);
          const told = await through({ at, moment, kind: "cut" }, () => calls.destroy(state));
          if (told) expect(await inLedger(tier)).toBe(false);
          await calls.destroy(state);
          const left = differences(before, withoutOwnFiles(await catalogAndRows(db.url)));
          expect({ at, moment, left }).toEqual({ at, moment, left: [] });
        }
      }
    },
    BOUND_MS,
  );
});

describe("the connection breaks at COMMIT", () => {
  const commit = async (work: () => Promise<unknown>): Promise<number> => {
    network.watch();
    await work();
    return network.trips().indexOf("COMMIT");
  };

  test("not sent: nothing was applied, the next try applies", async () => {
    const inputs = await standBefore(6);
    let state: TierState | undefined;
    const at = await commit(async () => (state = await calls.create(inputs)));
    await calls.destroy(state!);
    heard(calls);
    expect(await through({ at, moment: "before", kind: "cut" }, () => calls.create(inputs))).toBe(false);
    expect(heard(calls)).toContain(LOST);
    expect(await inLedger(6)).toBe(false);
    state = await calls.create(inputs);
    expect(heard(calls)).toMatch(/as declared, \d+ gates passed/);
    await calls.destroy(state);
  });

  test("sent, and the answer lost: it was applied, the next try adopts it", async () => {
    const inputs = await standBefore(6);
    let state: TierState | undefined;
    const at = await commit(async () => (state = await calls.create(inputs)));
    await calls.destroy(state!);
    heard(calls);
    expect(await through({ at, moment: "answered", kind: "cut" }, () => calls.create(inputs))).toBe(false);
    expect(heard(calls)).toContain(`${LOST}: Connection terminated unexpectedly.`);
    expect(await inLedger(6)).toBe(true);
    state = await calls.create(inputs);
    expect(heard(calls)).toMatch(/was applied on .* adopted, nothing was changed/);
    await calls.destroy(state);
  });

  test("of a rollback, the answer lost: the next try finds nothing to roll back", async () => {
    const inputs = await standBefore(6);
    const state = await calls.create(inputs);
    const at = await commit(() => calls.destroy(state));
    await calls.create(inputs);
    expect(await through({ at, moment: "answered", kind: "cut" }, () => calls.destroy(state))).toBe(false);
    expect(await inLedger(6)).toBe(false);
    heard(calls);
    await calls.destroy(state);
    expect(heard(calls)).toContain("nothing of it is there: nothing to roll back");
  });
});
