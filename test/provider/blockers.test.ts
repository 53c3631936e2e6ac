import { look } from "../../provider/postgres/guard-sight";
import { database } from "../support/database/database";
import { providerSession } from "../support/database/session";
import { until } from "../support/until";

test("a session that idles in its transaction is named with how long it idles, not with the age of its transaction", async () => {
  const db = await database("signed");
  const blocker = await db.connect();
  await blocker.query("BEGIN; LOCK TABLE taxonomy IN SHARE MODE");
  await blocker.query("SELECT pg_sleep(2)");
  const [blocked, observer] = [await providerSession(db.url), await providerSession(db.url)];
  const waiting = blocked.query("DELETE FROM public.taxonomy WHERE false").catch(() => undefined);
  const blockers = async () => (await look(observer, blocked.pid, { patience: 60_000, holds: false })).blockers;
  await until(async () => (await blockers()).length > 0, 5_000);

  const begun = `SELECT extract(epoch FROM clock_timestamp() - xact_start)::float8 FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()`;
  const transaction = await db.value<number>(begun);
  const [found] = await blockers();
  expect(found.state).toBe("idle in transaction");
  // It has been busy for two seconds of its transaction, so it idles for that much less.
  expect(transaction - Number(found.age)).toBeGreaterThan(1);
  await blocker.query("ROLLBACK");
  await waiting;
});
