import type { Client } from "pg";
import { messageOf } from "../../provider/model/errors";
import type { TierInputs, TierState } from "../../provider/model/tier-inputs";
import { failureOf } from "../../provider/postgres/failed";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { ALL, isWanted, replay, shareOf } from "../support/faults/random";
import { tally, type Tally } from "../support/faults/tally";
import { follow, type Program, programOn } from "../support/pulumi/program";

/*
 * Whichever table or view somebody else has locked, the plan and every hook are done all the same, or give up by the name of who holds
 * it with nothing changed. One of each stage, drawn by a seed; all of them: npm run chaos -- locked.
 */

jest.setTimeout(ALL ? 3_600_000 : 120_000);

let db: TestDatabase;
let program: Program;
let blocker: Client;
let inputs: TierInputs[];
let counts: Tally;
/** Of the tiers that are applied. */
const states: TierState[] = [];

beforeAll(async () => {
  db = await database("signed");
  program = programOn(db, { lockTimeout: "300ms", retryBudget: "700ms" });
  blocker = await db.connect();
  ({ inputs } = await program.plan());
  states.push(await program.create(inputs[0]));
  counts = tally("locks of others", 2);
});

afterAll(() => process.stderr.write(`${counts.text()}\n`));

/** Tables and views, in an order that is the same each time. */
async function relations(): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class
     WHERE relkind IN ('r', 'v') AND relnamespace IN ('public'::regnamespace, to_regnamespace('one_roof_rollout')) ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** Does it while the relation is locked; says whether it was done. */
async function meets(what: string, relation: string, work: () => Promise<unknown>): Promise<boolean> {
  const name = `${what}, ${relation} locked`;
  if (!isWanted(name)) return false;
  const before = await catalogAndRows(db.url);
  await blocker.query(`BEGIN; LOCK TABLE ${relation} IN ACCESS EXCLUSIVE MODE`);
  const refusal = await work().then(
    () => undefined,
    (error: unknown) => error ?? "nothing",
  );
  await blocker.query("ROLLBACK");
  if (refusal === undefined) {
    counts.count("done");
    return true;
  }
  const changed = differences(before, await catalogAndRows(db.url));
  const isNamed = failureOf(refusal) === "locked" && /held by pid \d+/i.test(messageOf(refusal));
  if (!isNamed || changed.length) {
    counts.inexact();
    throw new Error(`${name}: ${messageOf(refusal)}\n${changed.join("\n")}\nTo repeat it: ${replay(name)}`);
  }
  counts.count("given up by the holder's name");
  return false;
}

test("before the first tier that writes", async () => {
  const some = shareOf(await relations(), 1);
  counts.at("before the first tier", 2 * some.length);
  for (const relation of some) {
    await meets("plan", relation, () => program.plan());
    const create = async () => states.push(await program.create(follow(inputs[1], states)));
    if (await meets("create", relation, create)) await program.destroy(states.pop()!);
  }
});

test("when all is applied", async () => {
  for (const each of inputs.slice(1)) states.push(await program.create(follow(each, states)));
  const top = states.findIndex(({ tier }) => tier === 6);
  const some = shareOf(await relations(), 1);
  counts.at("when all is applied", 5 * some.length);
  for (const relation of some) {
    await meets("plan of nothing", relation, () => program.plan());
    await meets("plan of the way down", relation, () => program.plan(-1));
    await meets("refresh of tier 1", relation, () => program.read(states[1]));
    await meets("refresh of tier 6", relation, () => program.read(states[top]));
    if (await meets("delete of tier 6", relation, () => program.destroy(states[top]))) {
      const again = (await program.plan(6)).inputs.at(-1)!;
      states[top] = await program.create(follow(again, states));
    }
  }
});
