import { database, type TestDatabase } from "../support/database/database";
import { follow, heard, type Program, programOn } from "../support/pulumi/program";
import { proxy, type Proxy } from "../support/faults/proxy";
import { until } from "../support/until";
import type { TierInputs } from "../../provider/model/tier-inputs";

/** Sessions of the provider that hold a transaction open. */
const OPEN = `SELECT state, query FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'one-roof rollout' AND xact_start IS NOT NULL`;

/** The rollout's lock, held by a session of the provider. */
const LOCK = `SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
  WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database() AND a.application_name = 'one-roof rollout'`;

/** Milliseconds after which a killed client's transaction must be gone, and that of a dead network: bounds, not measures. */
const KILLED_MS = 4_000;
const SILENT_MS = 8_000;
const LOCK_MS = 25_000;

/** Tiers 0 to 2 are applied; hands over Tier 3's inputs. */
async function withNetwork(
  use: (calls: Program, inputs: TierInputs, network: Proxy, db: TestDatabase) => Promise<void>,
  options: Record<string, string> = {},
): Promise<void> {
  const db = await database("signed");
  const network = await proxy(db.url);
  const calls = programOn(db, { statementTimeout: "1s", ...options }, { url: network.url });
  const { inputs } = await calls.plan();
  const applied = await calls.apply(inputs.filter(({ tier }) => tier < 3));
  await use(
    calls,
    follow(
      inputs.find(({ tier }) => tier === 3)!,
      applied,
    ),
    network,
    db,
  );
}

test("a client that is killed while a statement waits leaves no transaction", () =>
  withNetwork(
    async (calls, inputs, network, db) => {
      const blocker = await db.connect();
      await blocker.query("BEGIN; LOCK TABLE governance_object_ownership IN SHARE ROW EXCLUSIVE MODE");
      const creating = calls.create(inputs).catch((error: unknown) => error);
      await until(async () => (await db.query(`${OPEN} AND wait_event_type = 'Lock'`)).length === 1, KILLED_MS);
      network.cut();
      await until(async () => (await db.query(OPEN)).length === 0, KILLED_MS);
      expect(await creating).toMatchObject({ message: expect.stringContaining("connection to the database was lost") });
      await blocker.query("ROLLBACK");
      await expect(calls.create(inputs)).resolves.toMatchObject({ tier: 3 });
    },
    { lockTimeout: "20s", statementTimeout: "30s" },
  ));

test("a network that goes silent in the middle leaves no transaction, and does not hang the command", () =>
  withNetwork(async (calls, inputs, network, db) => {
    network.watch({ at: 13, moment: "unsent", kind: "silent" });
    const start = Date.now();
    const creating = calls.create(inputs).catch((error: unknown) => error);
    await until(() => Promise.resolve(network.broken()), SILENT_MS);
    await until(async () => (await db.query(OPEN)).length === 0, SILENT_MS);
    expect(await creating).toMatchObject({ message: expect.stringContaining("Run the same command again") });
    expect(Date.now() - start).toBeLessThan(20_000);
    network.watch();
    network.heal();
    await expect(calls.create(inputs)).resolves.toMatchObject({ tier: 3 });
    expect(heard(calls)).toMatch(/as declared/);
  }));

test("a network that goes silent at the answer to COMMIT keeps the lock for seconds only; the next try adopts", () =>
  withNetwork(async (calls, inputs, network, db) => {
    const state = await calls.create(inputs);
    await calls.destroy(state);
    network.watch();
    await calls.destroy(await calls.create(inputs));
    network.watch({ at: network.trips().indexOf("COMMIT"), moment: "unanswered", kind: "silent" });
    const creating = calls.create(inputs).catch((error: unknown) => error);
    await until(() => Promise.resolve(network.broken()), SILENT_MS);
    expect(await db.query(LOCK)).toHaveLength(1);
    await until(async () => (await db.query(LOCK)).length === 0, LOCK_MS);
    expect(await creating).toMatchObject({ message: expect.stringContaining("the ledger knows") });
    network.watch();
    network.heal();
    heard(calls);
    await expect(calls.create(inputs)).resolves.toMatchObject({ tier: 3 });
    expect(heard(calls)).toMatch(/adopted, nothing was changed/);
    expect(await db.value("SELECT count(*)::int FROM governance_object_ownership")).toBe(30);
  }));

test.each([
  ["goes silent does not fail the tier that it watches", "stuck", 1],
  ["breaks is replaced", "cut", 2],
] as const)("a guard whose connection %s", (_, kind, connections) =>
  withNetwork(
    async (calls, inputs, network, db) => {
      // Whoever is in its way keeps the tier waiting until the guard has looked often enough.
      const blocker = await db.connect();
      await blocker.query("BEGIN; LOCK TABLE governance_object_ownership IN SHARE ROW EXCLUSIVE MODE");
      network.watch({ sessions: "guard", at: 5, moment: "unanswered", kind });
      const opened = () => network.trips("guard").filter((trip) => trip === "(connect)").length;
      const creating = calls.create(inputs);
      await until(() => Promise.resolve(network.broken() && opened() === connections), SILENT_MS);
      await blocker.query("ROLLBACK");
      await expect(creating).resolves.toMatchObject({ tier: 3 });
    },
    { lockTimeout: "5s", statementTimeout: "10s" },
  ),
);
