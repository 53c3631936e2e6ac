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
/** States of the tiers that are applied. */
let states: TierState[];

beforeAll(async () => {
  db = await database("signed");
  network = await proxy(db.url);
  calls = programOn(db, { statementTimeout: "5s" }, { url: network.url });
  ({ inputs: planned } = await calls.plan());
  states = [];
});

/** Applies the tiers before this one; gives its inputs. */
async function applyUpTo(tier: number): Promise<TierInputs> {
  while (planned[states.length].tier < tier) {
    states.push(await calls.create(follow(planned[states.length], states)));
  }
  return follow(planned[states.length], states);
}

/** Runs a hook through a fault; true if it reported success all the same. */
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
  const last = "SELECT action FROM one_roof_rollout.ledger WHERE tier = $1 ORDER BY position DESC LIMIT 1";
  return (await db.query(last, [tier]))[0]?.action === "applied";
}

const moments = ["before", "answered"] as const;

describe.each([1, 4, 6])("the connection breaks in tier %i", (tier) => {
  test(
    `at round trips drawn by seed ${SEED}: the second try is exact, up and down`,
    async () => {
      const inputs = await applyUpTo(tier);
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

  test.each<[what: string, moment: NetworkFault["moment"], told: string, applied: boolean, next: RegExp]>([
    ["not sent: nothing was applied, the next try applies", "before", LOST, false, /as declared, \d+ gates passed/],
    [
      "sent, and the answer lost: it was applied, the next try adopts it",
      "answered",
      `${LOST}: Connection terminated unexpectedly.`,
      true,
      /was applied on .* adopted, nothing was changed/,
    ],
  ])("%s", async (_, moment, told, applied, next) => {
    const inputs = await applyUpTo(6);
    let state: TierState | undefined;
    const at = await commit(async () => (state = await calls.create(inputs)));
    await calls.destroy(state!);
    heard(calls);
    expect(await through({ at, moment, kind: "cut" }, () => calls.create(inputs))).toBe(false);
    expect(heard(calls)).toContain(told);
    expect(await inLedger(6)).toBe(applied);
    state = await calls.create(inputs);
    expect(heard(calls)).toMatch(next);
    await calls.destroy(state);
  });

  test("of a rollback, the answer lost: the next try finds nothing to roll back", async () => {
    const inputs = await applyUpTo(6);
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
