/** What a session does once the run is to end. The signal is the test's own; by what signals it comes: `test/e2e/interrupt.test.ts`. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Session } from "../../provider/postgres/session";
import { atEnd } from "../support/clean-up";
import { database, type TestDatabase } from "../support/database/database";
import { until } from "../support/until";

let db: TestDatabase;
let interrupting: AbortController;
let modules: {
  session: typeof import("../../provider/postgres/session");
  interruption: typeof import("../../provider/postgres/interruption");
};
let session: Session;

beforeAll(async () => {
  db = await database("empty");
  await db.query("CREATE TABLE written (id integer)");
  const { DATABASE_URL: former } = process.env;
  atEnd(() => (process.env.DATABASE_URL = former ?? ""));
  process.env.DATABASE_URL = db.url;
});

beforeEach(async () => {
  interrupting = new AbortController();
  jest.isolateModules(() => {
    jest.doMock("../../provider/lifeline", () => ({ interruption: interrupting.signal }));
    modules = {
      session: require("../../provider/postgres/session"),
      interruption: require("../../provider/postgres/interruption"),
    };
  });
  session = await modules.session.connect({ application: "interrupted" });
});

afterEach(() => session.close());

const INTERRUPTED = "Interrupted: nothing of what was under way stays.";

const active = () =>
  db.value<number>(
    "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'interrupted' AND state = 'active'",
  );

test("a statement under way is cancelled at the server at once, and none comes after it but the ROLLBACK", async () => {
  await session.begin("BEGIN");
  await session.query("INSERT INTO public.written VALUES (1)");
  const asleep = session.query("SELECT pg_sleep(20)").then(String, String);
  await until(async () => (await active()) === 1, 5_000);
  interrupting.abort();
  await until(async () => (await active()) === 0, 5_000);
  expect(await asleep).toBe(INTERRUPTED);
  await expect(session.query("SELECT 1")).rejects.toThrow(INTERRUPTED);
  await session.end("ROLLBACK");
  expect(await db.value("SELECT count(*)::int FROM written")).toBe(0);
});

test("between two statements nothing is committed any more, and what tidies up is still done", async () => {
  await session.begin("BEGIN");
  await session.query("INSERT INTO public.written VALUES (1)");
  interrupting.abort();
  await expect(session.query("INSERT INTO public.written VALUES (2)")).rejects.toThrow(INTERRUPTED);
  await expect(session.end("COMMIT")).rejects.toThrow(INTERRUPTED);
  await session.end("ROLLBACK");
  await expect(session.query("SELECT 1")).resolves.toHaveLength(1);
  await expect(session.begin("BEGIN")).rejects.toThrow(INTERRUPTED);
  expect(await db.value("SELECT count(*)::int FROM written")).toBe(0);
});

test("nobody connects any more, and a pause ends", async () => {
  const pause = modules.interruption.pauseFor(60_000).then(String, String);
  await sleep(50);
  interrupting.abort();
  expect(await pause).toBe(INTERRUPTED);
  await expect(modules.session.connect({ application: "late" })).rejects.toThrow(INTERRUPTED);
});
