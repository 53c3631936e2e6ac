/** Through a pooler: session mode passes whole, any other is refused by name, and nothing is left behind. */
import { Client } from "pg";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { PGBOUNCER, pgbouncer } from "../support/database/pgbouncer";
import { leftovers } from "../support/pulumi/operator";
import { begin } from "../../provider/postgres/transaction";
import { rollout } from "../../tiers";
import { serverPort } from "../support/database/server";
import { providerSession } from "../support/database/session";
import { programOn } from "../support/pulumi/program";
import { until } from "../support/until";
import { withoutOwnFiles } from "../support/pulumi/outcome";

// Debian's package pgbouncer; CI installs it.
const withPgBouncer = PGBOUNCER ? describe : describe.skip;

const through = (db: TestDatabase, port: number) => {
  const url = new URL(db.url);
  url.port = `${port}`;
  return programOn(db, {}, { url: url.href });
};

const SETTINGS = ["one_roof.ratified_apr", "idle_session_timeout"];

/** What sessions that the pooler holds open on the server would hand on to whoever comes next. */
async function leaked(db: TestDatabase, port: number): Promise<string[]> {
  const url = new URL(db.url);
  url.port = `${port}`;
  const other = new Client(url.href);
  await other.connect();
  try {
    const values = SETTINGS.map((name) => `coalesce(current_setting('${name}', true), '')`);
    const { rows } = await other.query<string[]>({ text: `SELECT ${values.join(", ")}`, rowMode: "array" });
    return rows[0];
  } finally {
    await other.end();
  }
}

/** The pooler keeps its own connections open, under the name that it was last told: these are no sessions of ours. */
async function locksLeft(db: TestDatabase): Promise<string[]> {
  return (await leftovers(db)).filter((each) => each.startsWith("lock"));
}

withPgBouncer("through PgBouncer", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("signed");
  });

  test.each(["transaction", "statement"] as const)(
    "in %s mode a run is refused before anything is set, locked or written",
    async (mode) => {
      const port = await pgbouncer(mode);
      const before = await catalogAndRows(db.url);
      await expect(through(db, port).plan()).rejects.toThrow(
        /through a pooler that gives the session's backend to others[^]*Nothing was changed[^]*server's own port[^]*session mode/,
      );
      expect(await leaked(db, port)).toEqual(["", "0"]);
      expect(await locksLeft(db)).toEqual([]);
      expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
    },
  );

  test("in transaction mode it is refused too while others keep the pool busy", async () => {
    const port = await pgbouncer("transaction");
    const url = new URL(db.url);
    url.port = `${port}`;
    let busy = true;
    const others = Array.from({ length: 5 }, async () => {
      const client = new Client(url.href);
      await client.connect();
      while (busy) await client.query("SELECT pg_sleep(random() / 100)");
      await client.end();
    });
    try {
      for (let time = 0; time < 5; time++) {
        await expect(through(db, port).plan()).rejects.toThrow(
          new RegExp(`through a pooler[^]*own port \\(${await serverPort()}\\)`),
        );
      }
    } finally {
      busy = false;
      await Promise.all(others);
    }
  });

  test("in session mode a rollout passes whole, up and down", async () => {
    const rollout = through(db, await pgbouncer("session"));
    const before = withoutOwnFiles(await catalogAndRows(db.url));
    const states = await rollout.up();
    expect((await rollout.plan()).run).toMatchObject({ verdict: "PASS", applies: [] });
    for (const state of states.reverse()) await rollout.destroy(state);
    expect(differences(before, withoutOwnFiles(await catalogAndRows(db.url)))).toEqual([]);
    expect(await locksLeft(db)).toEqual([]);
  });
});

describe("a transaction that does not run where the rollout's lock is", () => {
  test("is refused, and the lock that was left behind is freed", async () => {
    const db = await database("signed");
    const [locked, given] = [await providerSession(db.url), await providerSession(db.url)];
    await locked.query("SELECT pg_advisory_lock($1, $2)", rollout.lock);
    // What a pooler does to a session: the number is that of the one backend, the answers are those of another.
    await expect(begin({ ...given, pid: locked.pid }, rollout)).rejects.toThrow(
      /through a pooler[^]*Nothing was changed/,
    );
    await until(async () => (await locksLeft(db)).length === 0, 5_000);
  });

  test("is refused where the session holds no lock at all", async () => {
    const db = await database("signed");
    await expect(begin(await providerSession(db.url), rollout)).rejects.toThrow(/through a pooler/);
  });
});
