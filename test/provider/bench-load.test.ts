import { setTimeout as sleep } from "node:timers/promises";
import { startApplication, type Application } from "../../bench/load/application";
import { figuresOf, longWaits } from "../../bench/load/figures";
import { takePlaces } from "../../bench/load/sql";
import { MEMBERS } from "../../bench/load/sql/members";
import { watch } from "../../bench/load/watch";
import { database, withDatabase, type TestDatabase } from "../support/database/database";

const RATE = 20;
const HELD_MS = 600;

// The role belongs to the server, which other files share.
afterAll(() => withDatabase("empty", (db) => db.query("DROP ROLE IF EXISTS bench_application")));

/** What the application asks while `meanwhile` runs. */
async function asked(db: TestDatabase, meanwhile: () => Promise<unknown>): Promise<Application["requests"]> {
  const application = startApplication(await takePlaces(db), RATE);
  const watcher = await watch(db, application);
  // All members have to be there.
  await sleep(1_500);
  await meanwhile();
  await watcher.stop();
  await application.stop();
  return application.requests;
}

/** Holds the lock of Tier 1's foreign key for a while, as a session of this name. */
async function hold(db: TestDatabase, name: string): Promise<void> {
  const holder = await db.connect();
  await holder.query(`SET application_name = '${name}'`);
  await holder.query("BEGIN; LOCK TABLE governance_registry IN SHARE ROW EXCLUSIVE MODE");
  await sleep(HELD_MS);
  await holder.query("ROLLBACK");
}

test("the application lives on a rolled out baseline and on one that is not, without an error or a changed gate", async () => {
  for (const state of ["signed", "tier-6"] as const) {
    const db = await database(state);
    const gates = () =>
      db.rows(`SELECT (SELECT count(*) FROM v_object_owner_gap), (SELECT count(*) FROM governance_object_ownership),
        (SELECT count(*) FROM system_issues), (SELECT count(*) FROM event_outbox WHERE event_domain = 'governance'),
        (SELECT count(*) FROM taxonomy WHERE status = 'active')`);
    const before = await gates();
    const requests = await asked(db, () => sleep(1_000));
    expect(requests.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(new Set(requests.map(({ kind, table }) => `${kind} ${table}`)).size).toBe(
      new Set(MEMBERS.map(({ kind, table }) => `${kind} ${table}`)).size,
    );
    expect(await gates()).toEqual(before);
  }
});

test.each([
  ["one-roof rollout", true],
  ["a colleague", false],
])("who waits for a lock of %s is seen, with all that queues up behind", async (name, ours) => {
  const db = await database("signed");
  const requests = await asked(db, () => hold(db, name));
  const waits = longWaits(
    [{ command: "up", during: requests, elsewhere: [], without: [], took: 0, result: { code: 0, output: "" } }],
    200,
  );
  const held = waits.filter(({ whom }) => whom !== undefined);
  expect(held).toEqual([expect.objectContaining({ what: "writer of governance_registry", whom: name, ours })]);
  expect(held[0].lock).toBe("governance_registry");
  expect(held[0].worst).toBeGreaterThan(HELD_MS * 0.8);
  // Two writers, each due every 50 ms: whoever was not sent because of the lock has waited too.
  expect(held[0].requests).toBeGreaterThan(2 * 2);
  expect(figuresOf(requests).errors).toBe(0);
});
