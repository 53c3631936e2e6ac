import { connect, type Session } from "../../../provider/postgres/session";
import { atEnd } from "../clean-up";

/** A session of the provider's own, as its hooks open it, on the database of `url`; closed after the last test of the file. */
export async function providerSession(url: string, settings: Readonly<Record<string, string>> = {}): Promise<Session> {
  const { DATABASE_URL: former } = process.env;
  process.env.DATABASE_URL = url;
  try {
    const session = await connect({
      application: "test",
      settings: { idle_in_transaction_session_timeout: "60s", idle_session_timeout: "0", ...settings },
    });
    atEnd(() => session.close());
    return session;
  } finally {
    process.env.DATABASE_URL = former ?? "";
  }
}

/** What `look` sees once `sql` has run, in a transaction that is rolled back. */
export async function meanwhile<Seen>(session: Session, sql: string, look: () => Promise<Seen>): Promise<Seen> {
  await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  try {
    // As anyone else would type it.
    if (sql) await session.query(`SET LOCAL search_path = public; ${sql}; SET LOCAL search_path = pg_catalog, pg_temp`);
    return await look();
  } finally {
    await session.query("ROLLBACK");
  }
}
