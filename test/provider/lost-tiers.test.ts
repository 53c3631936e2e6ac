import { randomUUID } from "node:crypto";
import type { TierState } from "../../provider/model/tier-inputs";
import { catalogAndRows, differences, type Snapshot } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { follow, heard, type Program, programOn } from "../support/pulumi/program";

/*
 * A run that is killed may leave tiers in the database that the state never saw. What the state does hold takes them along on
 * its way back, each with its proof, and nothing of another rollout.
 */

let db: TestDatabase;
let calls: Program;
let baseline: Snapshot;
let states: TierState[];

beforeEach(async () => {
  db = await database("signed");
  calls = programOn(db);
  baseline = await catalogAndRows(db.url);
  states = await calls.up(3);
});

test.each([
  ["the first tier, which only reads", 0],
  ["the first tier that writes", 1],
])("all that the state knows is %s: its deletion rolls the whole rollout back", async (_, index) => {
  await calls.destroy(states[index]);
  expect(heard(calls)).toMatch(/Tier 3 .*rolled back and proven[^]*Tier 2 .*rolled back[^]*Tier 1 .*rolled back/);
  expect(differences(baseline, await catalogAndRows(db.url))).toEqual([]);
});

test("a state of another rollout takes nothing along", async () => {
  const before = await catalogAndRows(db.url);
  const foreign = { ...states[0], rolloutId: randomUUID() };
  await calls.destroy(foreign).catch(() => undefined);
  expect(heard(calls)).toContain(`already carries rollout ${states[0].rolloutId}`);
  expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
});

test("a lower throughTier is refused where the state has lost the last tier that shall stay: those above it would stay too", async () => {
  const before = await catalogAndRows(db.url);
  const { inputs } = await calls.plan(2);
  await expect(calls.create(follow(inputs[2], states))).rejects.toThrow(
    /^Tier 2 \(Responsibility axis\) is not in this stack's state, so tiers 3, which this run is to roll back, cannot be either and would stay\./,
  );
  expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
});

test("the way back is refused as a whole where the ledger is gone and the tiers are not", async () => {
  await db.query("DROP SCHEMA one_roof_rollout CASCADE");
  await expect(calls.plan(-1)).rejects.toThrow(
    /^Tier 1 \(Structure\) is not in the ledger, so its rollback cannot be proven/,
  );
});
