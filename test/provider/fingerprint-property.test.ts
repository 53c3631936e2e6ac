import fc from "fast-check";
import { explainRows, findDrift } from "../../provider/ledger/drift";
import { sameFingerprint, takeDetail, takeFingerprint } from "../../provider/ledger/fingerprint";
import type { Session } from "../../provider/postgres/session";
import { takeSnapshot } from "../../provider/postgres/catalog-snapshot";
import { tier } from "../unit/fixtures";
import { database, type TestDatabase } from "../support/database/database";
import { providerSession } from "../support/database/session";

/** One row of the table that the properties are about; values of every shape that reads alike in some notation. */
interface Row {
  id: number;
  text: string | null;
  other: string | null;
  number: string | null;
  document: unknown;
}

const texts = fc.option(
  fc.oneof(fc.constantFrom("", " ", "null", "NULL", "(1,2)", '"', "\\", "a,b", "{}", "é", "e\u0301"), fc.string()),
);
const row = fc.record({
  id: fc.integer({ min: 1, max: 6 }),
  text: texts,
  other: texts,
  number: fc.option(fc.constantFrom("1", "1.0", "1.00", "0.1", "9007199254740992", "9007199254740993", "1e20")),
  document: fc.constantFrom(null, {}, [], { a: 1 }, { a: "1" }, { a: null }, ["a", 1], "text", 0, false),
}) as fc.Arbitrary<Row>;

/** Two tables' worth of rows: mostly the same, so that both answers come up. */
const pair = fc
  .tuple(
    fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 6 }),
    fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 6 }),
  )
  .chain(([one, other]) =>
    fc.tuple(
      fc.constant(one),
      fc.oneof(fc.shuffledSubarray(one, { minLength: one.length }), fc.constant(other), mixed(one, other)),
    ),
  );

function mixed(one: Row[], other: Row[]): fc.Arbitrary<Row[]> {
  return fc.constant([...other.slice(0, 1), ...one.filter(({ id }) => id !== other[0]?.id)]);
}

/** Equal as sets of rows, by a means that is not the product's. */
function alike(one: readonly Row[], other: readonly Row[]): boolean {
  const lines = (rows: readonly Row[]) => rows.map((each) => JSON.stringify(each)).sort();
  return JSON.stringify(lines(one)) === JSON.stringify(lines(other));
}

const KEYS = { primary: ["id"], natural: ["id"] };

/** No NUL, which no text of the server can hold, and no lone half of a character. */
const storable = (rows: readonly Row[]) =>
  rows.every(({ text, other }) =>
    [text, other].every((value) => value === null || (!value.includes("\0") && value.isWellFormed())),
  );

describe("rows as they are explained", () => {
  test("differ in words exactly if they differ", () => {
    fc.assert(
      fc.property(pair, ([one, other]) => {
        expect(explainRows("rows", KEYS, one as never, other as never).length > 0).toBe(!alike(one, other));
      }),
      { numRuns: 500 },
    );
  });

  test("differ in words that do not depend on their order, and as often in both directions", () => {
    fc.assert(
      fc.property(pair, ([one, other]) => {
        const forward = explainRows("rows", KEYS, one as never, other as never);
        expect(explainRows("rows", KEYS, [...one].reverse() as never, [...other].reverse() as never)).toEqual(forward);
        expect(explainRows("rows", KEYS, other as never, one as never)).toHaveLength(forward.length);
      }),
      { numRuns: 300 },
    );
  });
});

describe("rows in a table", () => {
  let db: TestDatabase;
  let session: Session;

  beforeAll(async () => {
    db = await database("empty");
    // Without a key, so that a row may be there twice.
    await db.query("CREATE TABLE rows (id integer, text text, other text, number numeric, document jsonb)");
    await db.query("CREATE TABLE keyed (LIKE rows, PRIMARY KEY (id))");
    session = await providerSession(db.url);
  });

  async function held(table: string, rows: readonly Row[]) {
    const declared = { [`public.${table}`]: { inserted: 1, own: "true" } };
    const one = tier(1, [], { delta: { objects: {}, rows: declared, readings: {} } });
    await session.query(`DELETE FROM public.${table}`);
    await session.query(
      `INSERT INTO public.${table} SELECT * FROM jsonb_populate_recordset(NULL::public.${table}, $1)`,
      [JSON.stringify(rows.map((each) => ({ ...each, number: each.number })))],
    );
    const snapshot = await takeSnapshot(session, "");
    return {
      tier: one,
      exit: await takeFingerprint(session, one, snapshot),
      detail: await takeDetail(session, one, snapshot),
    };
  }

  test("have one fingerprint exactly if they are the same, and drift is never found without words", async () => {
    await fc.assert(
      fc.asyncProperty(pair, async ([one, other]) => {
        fc.pre(storable(one) && storable(other));
        const was = await held("keyed", one);
        const is = await held("keyed", other);

        expect(sameFingerprint(was.exit, is.exit)).toBe(alike(one, other));
        const drift = await findDrift(session, is.tier, was, await takeSnapshot(session, ""));
        expect(drift.length > 0).toBe(!alike(one, other));
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ["a row that is there once instead of twice", ["1", "1"], ["1"]],
    ["a number with another scale", ["1.0"], ["1.00"]],
    ["a number too long for JavaScript", ["9007199254740992"], ["9007199254740993"]],
  ])("%s is drift too, though its values read alike", async (_, one, other) => {
    const rows = (numbers: string[]) =>
      numbers.map((number): Row => ({ id: 1, text: "a", other: "b", number, document: null }));
    const was = await held("rows", rows(one));
    await held("rows", rows(other));

    const drift = await findDrift(session, was.tier, was, await takeSnapshot(session, ""));
    expect(drift.join()).toMatch(/^rows rows are not those that were applied \(\d then, \d now\)$/);
  });
});
