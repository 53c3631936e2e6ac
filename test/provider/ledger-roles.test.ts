/** The ledger where roles take part: its owner is another role than the one that appends to it. */
import { dropLedger, forgetTier, readLedger, writeLedger } from "../../provider/ledger/ledger";
import { createLedger } from "../../provider/ledger/ledger-table";
import type { Session } from "../../provider/postgres/session";
import { rollout } from "../../tiers";
import { database, type TestDatabase } from "../support/database/database";
import { meanwhile, providerSession } from "../support/database/session";
import { LEDGER, LEDGER_ENTRY as ENTRY } from "../support/faults/rewrite";

/** Roles are the cluster's: all of them come and go with a transaction. */
const ROLES = `
  CREATE ROLE one_roof_access; CREATE ROLE one_roof_owner; CREATE ROLE one_roof_executor; CREATE ROLE one_roof_monitor; CREATE ROLE other;
  CREATE SCHEMA one_roof_access AUTHORIZATION one_roof_access;
  CREATE SCHEMA one_roof_rollout AUTHORIZATION one_roof_owner;
  GRANT USAGE ON SCHEMA one_roof_rollout TO one_roof_executor, one_roof_monitor`;

let db: TestDatabase;
let session: Session;

beforeAll(async () => {
  db = await database("empty");
  session = await providerSession(db.url);
});

/** What is seen once the owner has made the ledger. */
const within = <Seen>(look: () => Promise<Seen>) =>
  meanwhile(session, ROLES, async () => {
    await become("one_roof_owner");
    await createLedger(session, rollout);
    return look();
  });

const become = (role: string) => session.query(`SET LOCAL ROLE ${role}`);

/** What the server says of a statement that it refuses; the transaction goes on. */
async function refused(sql: string): Promise<string> {
  await session.query("SAVEPOINT attempt");
  const said = await session.query(sql).then(() => "nothing", String);
  await session.query("ROLLBACK TO SAVEPOINT attempt");
  return said;
}

test("the executor appends to it and reads it, and can do nothing else; the monitor reads it", async () => {
  await within(async () => {
    await become("one_roof_executor");
    await writeLedger(session, rollout, ENTRY);
    await writeLedger(session, rollout, { ...ENTRY, tier: 2 });
    await forgetTier(session, rollout, 2);
    expect([...(await readLedger(session, rollout)).keys()]).toEqual([1]);
    for (const sql of [
      `UPDATE ${LEDGER} SET report = '{}'`,
      `DELETE FROM ${LEDGER}`,
      `TRUNCATE ${LEDGER}`,
      `DROP TABLE ${LEDGER}`,
      `ALTER TABLE ${LEDGER} ADD more integer`,
      "CREATE TABLE one_roof_rollout.more ()",
    ]) {
      expect(await refused(sql)).toMatch(/permission denied|must be owner/);
    }
    await become("one_roof_monitor");
    expect([...(await readLedger(session, rollout)).keys()]).toEqual([1]);
    expect(await refused(`INSERT INTO ${LEDGER} SELECT * FROM ${LEDGER}`)).toMatch(/permission denied/);
  });
});

test("it goes without its schema, which is not the rollout's there", async () => {
  await within(async () => {
    await writeLedger(session, rollout, ENTRY);
    await forgetTier(session, rollout, 1);
    await dropLedger(session, rollout);
    expect(
      await session.query(
        "SELECT to_regclass('one_roof_rollout.ledger') AS ledger, to_regnamespace('one_roof_rollout')::text AS schema",
      ),
    ).toEqual([{ ledger: null, schema: "one_roof_rollout" }]);
    await createLedger(session, rollout);
    expect(await readLedger(session, rollout)).toEqual(new Map());
  });
});

test.each([
  ["UPDATE for the executor", `GRANT UPDATE ON ${LEDGER} TO one_roof_executor`, "one_roof_executor"],
  ["UPDATE of a column", `GRANT UPDATE (rollback_sql) ON ${LEDGER} TO one_roof_executor`, "one_roof_executor"],
  ["DELETE", `GRANT DELETE ON ${LEDGER} TO one_roof_executor`, "one_roof_executor"],
  ["TRUNCATE", `GRANT TRUNCATE ON ${LEDGER} TO one_roof_executor`, "one_roof_executor"],
  ["TRIGGER", `GRANT TRIGGER ON ${LEDGER} TO one_roof_executor`, "one_roof_executor"],
  ["REFERENCES", `GRANT REFERENCES ON ${LEDGER} TO one_roof_executor`, "one_roof_executor"],
  ["INSERT to be handed on", `GRANT INSERT ON ${LEDGER} TO one_roof_executor WITH GRANT OPTION`, "one_roof_executor"],
  ["INSERT for the monitor", `GRANT INSERT ON ${LEDGER} TO one_roof_monitor`, "one_roof_monitor"],
  ["INSERT for everybody", `GRANT INSERT ON ${LEDGER} TO PUBLIC`, "PUBLIC"],
])("any more right is a trap: %s", async (_, sql, who) => {
  await within(async () => {
    await session.query(sql);
    await expect(readLedger(session, rollout)).rejects.toThrow(`others may write it: ${who}`);
  });
});

test.each([
  ["of that name there is no schema", "DROP SCHEMA one_roof_access"],
  ["the schema belongs to another", "ALTER SCHEMA one_roof_access OWNER TO other"],
])("roles take no part where %s: the executor's INSERT is a trap there", async (_, sql) => {
  await within(async () => {
    expect(await readLedger(session, rollout)).toEqual(new Map());
    await session.query(`RESET ROLE; ${sql}`);
    await expect(readLedger(session, rollout)).rejects.toThrow("others may write it: one_roof_executor");
  });
});

test.each([
  [
    "a schema of others",
    "ALTER SCHEMA one_roof_rollout OWNER TO other; GRANT CREATE, USAGE ON SCHEMA one_roof_rollout TO one_roof_owner",
    /its schema to other/,
  ],
  [
    "default privileges of others",
    "ALTER DEFAULT PRIVILEGES FOR ROLE one_roof_owner GRANT ALL ON TABLES TO other",
    /others may write it: other/,
  ],
])("it is not made where it would not be its owner's alone: %s", async (_, sql, said) => {
  await meanwhile(session, `${ROLES}; ${sql}`, async () => {
    await become("one_roof_owner");
    await expect(createLedger(session, rollout)).rejects.toThrow(said);
  });
});
