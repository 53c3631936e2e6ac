import { readFileSync } from "node:fs";
import { findDrift } from "../../provider/ledger/drift";
import {
  type Detail,
  type Fingerprint,
  restoreFindings,
  sameFingerprint,
  takeDetail,
  takeFingerprint,
} from "../../provider/ledger/fingerprint";
import type { Session } from "../../provider/postgres/session";
import { takeSnapshot } from "../../provider/postgres/catalog-snapshot";
import { cases } from "../support/cases";
import { tier } from "../unit/fixtures";
import { database, type TestDatabase } from "../support/database/database";
import { meanwhile, providerSession } from "../support/database/session";

/** A tier that declares all of the workshop's things. */
const TIER = tier(1, [], {
  delta: {
    objects: {
      table: ["workshop.thing", "workshop.kind", "workshop.parted"],
      view: ["workshop.v_thing"],
      function: ["workshop.double(one integer)"],
    },
    rows: {
      "workshop.thing": { inserted: 4, own: "true" },
      "workshop.kind": { inserted: 2, own: "code <> 'of others'" },
    },
    readings: {},
  },
});

const WORKSHOP = readFileSync("test/fixtures/workshop.sql", "utf8");

let db: TestDatabase;
let session: Session;
let untouched: Fingerprint;

const fingerprint = async (on = session) => takeFingerprint(on, TIER, await takeSnapshot(on, ""));

async function recorded(): Promise<{ exit: Fingerprint; detail: Detail }> {
  const snapshot = await takeSnapshot(session, "");
  return { exit: await takeFingerprint(session, TIER, snapshot), detail: await takeDetail(session, TIER, snapshot) };
}

beforeAll(async () => {
  db = await database("empty");
  await db.query(WORKSHOP);
  await db.query("CREATE ROLE workshop_reader").catch(() => undefined);
  session = await providerSession(db.url);
  untouched = await fingerprint();
});

/** Every kind of change that a fingerprint has to tell, with words in which it has to be explained. */
const CHANGES = cases`
  a column's type | DROP VIEW workshop.v_thing; ALTER TABLE workshop.thing ALTER COLUMN size TYPE numeric(7, 2) | column size was 3 numeric(6,2), is 3 numeric(7,2)
  a column's default | ALTER TABLE workshop.thing ALTER COLUMN name SET DEFAULT 'noname' | column name was
  a column's NOT NULL | ALTER TABLE workshop.thing ALTER COLUMN name DROP NOT NULL | column name was
  a column added | ALTER TABLE workshop.kind ADD COLUMN remark text | column remark was added
  a column dropped | ALTER TABLE workshop.thing DROP COLUMN grade | column grade is missing
  a column renamed | ALTER TABLE workshop.thing RENAME COLUMN grade TO mark | column mark was added
  a column's collation | ALTER TABLE workshop.kind ALTER COLUMN code TYPE text COLLATE "POSIX" | collate POSIX
  an identity | ALTER TABLE workshop.thing ALTER COLUMN id SET GENERATED ALWAYS | column id was
  an identity's sequence | ALTER TABLE workshop.thing ALTER COLUMN id SET INCREMENT 2 | sequence thing_id_seq was
  a constraint added | ALTER TABLE workshop.thing ADD CONSTRAINT one CHECK (id > -1) | constraint one was added
  a constraint dropped | ALTER TABLE workshop.thing DROP CONSTRAINT thing_size | constraint thing_size is missing
  a constraint's text | ALTER TABLE workshop.thing DROP CONSTRAINT thing_size, ADD CONSTRAINT thing_size CHECK (size > 1) | constraint thing_size was
  a constraint not validated | ALTER TABLE workshop.thing DROP CONSTRAINT thing_size, ADD CONSTRAINT thing_size CHECK (size > 0) NOT VALID | not valid
  a foreign key's action | ALTER TABLE workshop.thing DROP CONSTRAINT thing_kind, ADD CONSTRAINT thing_kind FOREIGN KEY (kind) REFERENCES workshop.kind | constraint thing_kind was
  a primary key | ALTER TABLE workshop.thing DROP CONSTRAINT thing_pkey | constraint thing_pkey is missing
  an index added | CREATE INDEX thing_made ON workshop.thing (made) | index thing_made was added
  an index dropped | DROP INDEX workshop.thing_name | index thing_name is missing
  an index on other rows | DROP INDEX workshop.thing_name; CREATE INDEX thing_name ON workshop.thing (name) WHERE id > 1 | index thing_name was
  a trigger added | CREATE TRIGGER t AFTER INSERT ON workshop.thing EXECUTE FUNCTION workshop.touch() | trigger t was added
  a trigger enabled | ALTER TABLE workshop.thing ENABLE TRIGGER touch_thing | trigger touch_thing was
  a trigger dropped | DROP TRIGGER touch_kind ON workshop.kind | trigger touch_kind is missing
  a rule | CREATE RULE r AS ON UPDATE TO workshop.kind DO INSTEAD NOTHING | rule r was added
  a policy | ALTER POLICY all_kinds ON workshop.kind USING (code <> '') | policy all_kinds was
  a policy's roles | ALTER POLICY all_kinds ON workshop.kind TO workshop_reader | policy all_kinds was
  row security | ALTER TABLE workshop.kind ENABLE ROW LEVEL SECURITY | options was
  a storage option | ALTER TABLE workshop.kind SET (fillfactor = 70) | options was
  durability | ALTER TABLE workshop.thing SET UNLOGGED | options was
  a grant on a table | GRANT SELECT ON workshop.thing TO workshop_reader | grants was added: workshop_reader SELECT
  a grant option | GRANT SELECT ON workshop.thing TO workshop_reader WITH GRANT OPTION | WITH GRANT OPTION
  a grant on a column | GRANT UPDATE (size) ON workshop.thing TO workshop_reader | grants on size was added
  a grant to everyone | GRANT SELECT ON workshop.v_thing TO PUBLIC | PUBLIC SELECT
  a grant on a function | REVOKE EXECUTE ON FUNCTION workshop.double(integer) FROM PUBLIC | function workshop.double(one integer)
  a comment on a table | COMMENT ON TABLE workshop.thing IS 'Other things.' | comment was Things., is Other things.
  a comment taken away | COMMENT ON TABLE workshop.thing IS NULL | comment is missing, was Things.
  a comment on a column | COMMENT ON COLUMN workshop.thing.size IS 'In feet.' | comment on size was In metres., is In feet.
  a comment on a function | COMMENT ON FUNCTION workshop.double(integer) IS 'x' | comment was Twice as much., is x
  a comment on a constraint | COMMENT ON CONSTRAINT thing_size ON workshop.thing IS 'x' | comment on constraint thing_size was added
  a comment on an index | COMMENT ON INDEX workshop.thing_name IS 'x' | comment on index thing_name was added
  a comment on a trigger | COMMENT ON TRIGGER touch_kind ON workshop.kind IS 'x' | comment on trigger touch_kind was added
  a view's text | CREATE OR REPLACE VIEW workshop.v_thing AS SELECT name, size, workshop.double(id) AS twice FROM workshop.thing | definition changed
  a view's option | ALTER VIEW workshop.v_thing SET (security_barrier) | options was
  a view's column | ALTER VIEW workshop.v_thing RENAME COLUMN twice TO double | column double was added
  a function's body | CREATE OR REPLACE FUNCTION workshop.double(one integer) RETURNS integer IMMUTABLE LANGUAGE sql AS $$ SELECT one + one $$ | definition changed
  a function's volatility | ALTER FUNCTION workshop.double(integer) STABLE | definition changed
  a function's rights | ALTER FUNCTION workshop.double(integer) SECURITY DEFINER | definition changed
  a function's setting | ALTER FUNCTION workshop.double(integer) SET search_path = pg_catalog | definition changed
  a table that is gone | DROP TABLE workshop.thing CASCADE | table workshop.thing is missing
  a view that is gone | DROP VIEW workshop.v_thing | view workshop.v_thing is missing
  a partitioned table's key | DROP TABLE workshop.parted; CREATE TABLE workshop.parted (id integer NOT NULL) PARTITION BY HASH (id) | partition
  a row missing | DELETE FROM workshop.thing WHERE id = 2 | row id=2 is missing
  a row added | INSERT INTO workshop.kind VALUES ('pin') | row code=pin was added
  a number | UPDATE workshop.thing SET size = 1.51 WHERE id = 1 | row id=1: size was 1.5, is 1.51
  a time | UPDATE workshop.thing SET made = made + '1 microsecond' WHERE id = 1 | row id=1: made was
  an interval written otherwise | UPDATE workshop.thing SET span = '26:00' WHERE id = 1 | row id=1: span was
  a float's last digit | UPDATE workshop.thing SET grade = 0.1::float8 + 1e-17 * 2 WHERE id = 1 | row id=1: grade was
  bytes | UPDATE workshop.thing SET raw = '\xdeadbeee' WHERE id = 1 | row id=1: raw was
  a document | UPDATE workshop.thing SET note = '{"a": 1, "b": [true, false]}' WHERE id = 1 | row id=1: note was
  null instead of an empty text | ALTER TABLE workshop.thing ALTER COLUMN name DROP NOT NULL; UPDATE workshop.thing SET name = NULL WHERE id = 4 | row id=4: name was , is null
  a value moved to the next column | UPDATE workshop.thing SET name = 'cog', kind = NULL WHERE id = 4 | kind was cog, is null; name was , is cog
`;

const TRAILING_SPACE = [
  "a text",
  "UPDATE workshop.thing SET name = 'wheel ' WHERE id = 1",
  "row id=1: name was wheel, is wheel ",
];

test.each([...CHANGES, TRAILING_SPACE])("%s changes the fingerprint and is explained", async (_, sql, words) => {
  const was = await recorded();
  const seen = await meanwhile(session, sql, async () => ({
    now: await fingerprint(),
    drift: await findDrift(session, TIER, was, await takeSnapshot(session, "")),
  }));

  expect(sameFingerprint(untouched, seen.now)).toBe(false);
  expect(restoreFindings(untouched, seen.now)).not.toEqual([]);
  expect(seen.drift.join("\n")).toContain(words);
});

/** What is no change: the fingerprint stays. */
test.each(cases`
  the same again | SELECT
  rows written anew in another order | CREATE TEMP TABLE kept AS SELECT * FROM workshop.thing; DELETE FROM workshop.thing; INSERT INTO workshop.thing SELECT * FROM kept ORDER BY id DESC
  a table clustered by another index | CLUSTER workshop.thing USING thing_name
  an update to the same values | UPDATE workshop.thing SET name = name; UPDATE workshop.kind SET code = code
  rows of others | INSERT INTO workshop.kind VALUES ('of others')
  a sequence moved on | SELECT setval('workshop.thing_id_seq', 900)
  a column added and dropped again | ALTER TABLE workshop.kind ADD COLUMN x text; ALTER TABLE workshop.kind DROP COLUMN x
  another owner, as after a restore by another role | ALTER TABLE workshop.thing OWNER TO workshop_reader
  an object of others | CREATE TABLE workshop.other (id integer REFERENCES workshop.thing); CREATE VIEW workshop.v AS SELECT * FROM workshop.v_thing
  statistics | ANALYZE workshop.thing
`)("%s is no change", async (_, sql) => {
  expect(await meanwhile(session, sql, () => fingerprint())).toEqual(untouched);
});

test("the same objects built in another order, with other oids and gaps, in another database, are the same", async () => {
  const other = await database("empty");
  await other.query(
    "CREATE TABLE gap (id serial, t text); CREATE FUNCTION gap() RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
  );
  await other.query(
    WORKSHOP.replace("  name  text NOT NULL", "  gap text, name  text NOT NULL").replaceAll(
      /\bSELECT name, size, workshop/g,
      "SELECT  name ,size,  workshop",
    ),
  );
  await other.query("ALTER TABLE workshop.thing DROP COLUMN gap");
  const there = await providerSession(other.url);
  expect(await fingerprint(there)).toEqual(untouched);
});

test.each([
  ["timezone", "Asia/Tokyo"],
  ["datestyle", "German"],
  ["intervalstyle", "iso_8601"],
  ["extra_float_digits", "-5"],
  ["bytea_output", "escape"],
  ["quote_all_identifiers", "on"],
  ["standard_conforming_strings", "off"],
  ["search_path", "workshop, public"],
  ["lc_monetary", "C"],
  ["row_security", "off"],
])("the database's own %s makes no difference", async (setting, value) => {
  await db.query(`ALTER DATABASE ${db.name} SET ${setting} = ${value.includes(",") ? value : `'${value}'`}`);
  const here = await providerSession(db.url);
  try {
    expect(await fingerprint(here)).toEqual(untouched);
  } finally {
    await db.query(`ALTER DATABASE ${db.name} RESET ${setting}`);
  }
});
