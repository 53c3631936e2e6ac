import type * as Impatience from "../support/faults/impatience";
import type { TierInputs, TierState } from "../../provider/model/tier-inputs";
import { rollout } from "../../tiers";
import {
  type Call,
  CASES_A_TIDYING,
  faultsIn,
  guardFaultsIn,
  lookThroughFaults,
  nameOf,
  type Site,
  throughFault,
  tidyUp,
} from "../support/faults/cut";
import { type Exact, exactly, inexactness } from "../support/faults/exact";
import { type NetworkFault, proxy } from "../support/faults/proxy";
import { ALL, isWanted, shareOf } from "../support/faults/random";
import { LEDGER } from "../support/faults/rewrite";
import { tally } from "../support/faults/tally";
import { database, type TestDatabase } from "../support/database/database";
import { follow, type Program, programOn } from "../support/pulumi/program";

/*
 * The provider's hooks and its plan, through a network that fails in one round trip. Whatever the operator was told, making the
 * same call again must end in exactly what an undisturbed one makes. A few cases drawn by a seed; all of them: npm run chaos.
 */

jest.mock("pg", () => jest.requireActual<typeof Impatience>("../support/faults/impatience").impatientDriver());

jest.setTimeout(ALL ? 12 * 3_600_000 : 120_000);

const TIERS = rollout.tiers.map(({ tier }) => tier);

/** Tiers in whose hooks something fails. */
const DRAWN = ALL ? TIERS : shareOf(TIERS, 2).sort();

/** So many of a call's cases where they are drawn. */
const FEW = 2;

let db: TestDatabase;
let site: Site;
let calls: Program;
let planned: TierInputs[];
/** States of the tiers that are applied. */
const states: TierState[] = [];

beforeAll(async () => {
  db = await database("signed");
  const network = await proxy(db.url);
  site = { db, network, tally: tally("round trips cut", DRAWN.length + 4) };
  calls = programOn(db, {}, { url: network.url });
});

afterAll(() => process.stderr.write(`${site.tally.text()}\n`));

/** What happens in a call. */
interface Traffic {
  trips: readonly string[];
  guards: readonly string[];
}

/** The faults that are put into a call here. */
function someFaults(name: string, { trips, guards }: Traffic, silent: boolean): NetworkFault[] {
  const all = [...faultsIn(trips, { silent }), ...guardFaultsIn(guards, { silent })];
  // Where a transaction could be done twice is never left to chance.
  const lost = { at: trips.lastIndexOf("COMMIT"), moment: "unanswered", kind: "cut" } as const;
  const some = ALL || lost.at < 0 ? shareOf(all, FEW) : [lost, ...shareOf(all, FEW)];
  return some.filter((fault) => isWanted(nameOf(name, fault)));
}

/** Makes a call without a fault; gives what it returned, its round trips and what it left. */
async function undisturbed<Result>(run: () => Promise<Result>) {
  site.network.watch();
  const result = await run();
  return { result, trips: site.network.trips(), guards: site.network.trips("guard"), left: await exactly(db.url) };
}

/** Applies the tiers before this one; gives its inputs. */
async function applyUpTo(tier: number): Promise<TierInputs> {
  while (planned[states.length].tier < tier) {
    states.push(await calls.create(follow(planned[states.length], states)));
  }
  return follow(planned[states.length], states);
}

/** Forgets in the ledger's log what came after `start`: it would grow by two rows a case. */
async function rewind({ log }: Exact): Promise<void> {
  if (log.length > 0) await db.query(`DELETE FROM ${LEDGER} WHERE position > ${log.length}`);
}

test("plan of the way up", async () => {
  planned = await look("plan of the way up", async () => (await calls.plan()).inputs);
});

test.each(DRAWN.map((tier) => [tier]))("create and delete of tier %i", async (tier) => {
  const inputs = await applyUpTo(tier);
  const start = await exactly(db.url);
  const up = await undisturbed(() => calls.create(inputs));
  const down = await undisturbed(() => calls.destroy(up.result));
  expect(inexactness({ ...start, log: down.left.log }, down.left)).toEqual([]);

  let state = up.result;
  const before = TIERS[TIERS.indexOf(tier) - 1] ?? -1;
  const creation: Call<TierState> = {
    name: `create of tier ${tier}`,
    run: () => calls.create(inputs),
    again: async () => calls.create(follow((await calls.plan(tier)).inputs.at(-1)!, states)),
    before: start,
    after: up.left,
  };
  const deletion: Call<void> = {
    name: `delete of tier ${tier}`,
    run: () => calls.destroy(state),
    again: async () => {
      await calls.plan(before);
      await calls.destroy(state);
    },
    before: up.left,
    after: down.left,
  };
  const ups = someFaults(creation.name, up, ALL || tier === DRAWN[0]);
  const downs = someFaults(deletion.name, down, ALL || tier === DRAWN[0]);
  site.tally.at(creation.name, ups.length + downs.length);
  for (let index = 0; index < Math.max(ups.length, downs.length); index++) {
    await rewind(start);
    if (index % CASES_A_TIDYING === 0) await tidyUp(db);
    state = await (ups[index] ? throughFault(site, creation, ups[index]) : creation.run());
    expect(state.report).toEqual(up.result.report);
    await (downs[index] ? throughFault(site, deletion, downs[index]) : deletion.run());
  }
  await rewind(start);
});

test("plan when all is applied, and of the way down", async () => {
  const last = await calls.create(await applyUpTo(TIERS.at(-1)!));
  states.push(last);
  await look("plan when all is applied", async () => (await calls.plan()).inputs);
  await look("plan of the way down", async () => (await calls.plan(-1)).run);
});

test("refresh of every tier", async () => {
  await look("refresh", async () => {
    for (const state of states) await calls.read(state);
  });
});

/** Cuts a call that changes nothing; gives what it returns. */
async function look<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
  const call = await undisturbed(run);
  const faults = someFaults(name, call, ALL);
  site.tally.at(name, faults.length);
  await lookThroughFaults(site, { name, run, result: call.result, before: call.left }, faults);
  return call.result;
}
