/** What a row of the ledger is held to by itself, whatever else is known of it: all of its columns, its number, the row before it. */
import { ROW_HASH } from "../../provider/ledger/chain";
import { readLedger, writeLedger } from "../../provider/ledger/ledger";
import { COLUMN_NAMES, createLedger } from "../../provider/ledger/ledger-table";
import type { Session } from "../../provider/postgres/session";
import { rollout } from "../../tiers";
import { database } from "../support/database/database";
import { meanwhile, providerSession } from "../support/database/session";
import { LEDGER, LEDGER_ENTRY, RECHAIN } from "../support/faults/rewrite";

let session: Session;

beforeAll(async () => (session = await providerSession((await database("empty")).url)));

/** What reading a ledger of the tiers 1, 2 and 3 says once `sql` has run. */
const readAfter = (sql: string): Promise<string> =>
  meanwhile(session, "", async () => {
    await createLedger(session, rollout);
    for (const tier of [1, 2, 3]) await writeLedger(session, rollout, { ...LEDGER_ENTRY, tier });
    if (sql) await session.query(sql);
    return readLedger(session, rollout).then((rows) => `tiers ${[...rows.keys()].join(", ")}`, String);
  });

const notChained = (position: number) =>
  expect.stringMatching(
    new RegExp(`^The ledger was rewritten: .* the row at position ${position} .* does not chain to what was written`),
  );

test("as it was written it is read", async () => {
  expect(await readAfter("")).toBe("tiers 1, 2, 3");
  expect(await readAfter(RECHAIN)).toBe("tiers 1, 2, 3");
});

/** Another value of each type that a column of the ledger has. */
const ANOTHER = `CASE format_type(a.atttypid, NULL) WHEN 'integer' THEN '%1$I + 4' WHEN 'text' THEN '%1$I || ''x''' WHEN 'uuid' THEN 'gen_random_uuid()'
  WHEN 'jsonb' THEN '%1$I || ''{"x": 1}''' ELSE '%1$I + ''1 microsecond''' END`;

test.each(COLUMN_NAMES)("another %s is refused", async (column) => {
  const change = `DO $$ BEGIN EXECUTE (
    SELECT format('UPDATE ${LEDGER} SET %1$I = ' || ${ANOTHER} || ' WHERE position = 3', a.attname)
    FROM pg_attribute a WHERE a.attrelid = '${LEDGER}'::regclass AND a.attname = '${column}'); END $$`;
  expect(await readAfter(change)).toEqual(notChained(column === "position" ? 7 : 3));
});

test("a row that was changed and hashed anew is not what the next one names", async () => {
  const change = `UPDATE ${LEDGER} SET digest = 'other' WHERE position = 2`;
  const hash = `UPDATE ${LEDGER} AS link SET hash = ${ROW_HASH} WHERE position = 2`;
  expect(await readAfter(`${change}; ${hash}`)).toEqual(notChained(3));
});

test.each([
  ["in the middle", `DELETE FROM ${LEDGER} WHERE position = 2`, 3],
  ["at the beginning", `DELETE FROM ${LEDGER} WHERE position = 1`, 2],
])("a row that is missing %s leaves a gap, whoever hashes the others anew", async (_, missing, position) => {
  expect(await readAfter(`${missing}; ${RECHAIN}`)).toEqual(notChained(position));
});
