import { blockersOf } from "../../provider/postgres/blockers";
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
  await until(async () => (await blockersOf(observer, blocked.pid)).length > 0, 5_000);

  const [found] = await blockersOf(observer, blocked.pid);
  expect(found.state).toBe("idle in transaction");
  expect(found.age).toBeLessThan(2);
  await blocker.query("ROLLBACK");
  await waiting;
});
