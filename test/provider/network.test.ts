import { database, type TestDatabase } from "../support/database/database";
import { follow, heard, type Program, programOn } from "../support/pulumi/program";
import { type NetworkFault, proxy, type Proxy } from "../support/faults/proxy";
import type { TierInputs, TierState } from "../../provider/model/tier-inputs";

/** What an operator is told when the connection breaks at the COMMIT. That it breaks anywhere else: `cut.test.ts`. */

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

describe("the connection breaks at COMMIT", () => {
  const commit = async (work: () => Promise<unknown>): Promise<number> => {
    network.watch();
    await work();
    return network.trips().indexOf("COMMIT");
  };

  test.each<[what: string, moment: NetworkFault["moment"], told: string, applied: boolean, next: RegExp]>([
    ["not sent: nothing was applied, the next try applies", "unsent", LOST, false, /as declared, \d+ gates passed/],
    [
      "sent, and the answer lost: it was applied, the next try adopts it",
      "unanswered",
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

  test("no sooner: before the ledger's row is sent nothing of the tier stays, and the next try applies it whole", async () => {
    const inputs = await applyUpTo(6);
    network.watch();
    await calls.destroy(await calls.create(inputs));
    const at = network.trips().findIndex((asked) => asked.includes("INSERT INTO one_roof_rollout.ledger"));
    expect(at).toBeGreaterThan(0);
    expect(await through({ at, moment: "unsent", kind: "cut" }, () => calls.create(inputs))).toBe(false);
    expect(await db.value("SELECT count(*)::int FROM governance_drift_state")).toBe(0);
    expect(await inLedger(6)).toBe(false);
    await calls.destroy(await calls.create(inputs));
  });

  test("or while it is opened: the same words, and not the driver's", async () => {
    const inputs = await applyUpTo(6);
    for (const at of [1, 2, 3]) {
      heard(calls);
      expect(await through({ at, moment: "unanswered", kind: "cut" }, () => calls.create(inputs))).toBe(false);
      expect(heard(calls)).toContain(LOST);
    }
  });

  test("of a rollback, the answer lost: the next try finds nothing to roll back", async () => {
    const inputs = await applyUpTo(6);
    const state = await calls.create(inputs);
    const at = await commit(() => calls.destroy(state));
    await calls.create(inputs);
    expect(await through({ at, moment: "unanswered", kind: "cut" }, () => calls.destroy(state))).toBe(false);
    expect(await inLedger(6)).toBe(false);
    heard(calls);
    await calls.destroy(state);
    expect(heard(calls)).toContain("nothing of it is there: nothing to roll back");
  });
});
