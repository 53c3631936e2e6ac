import { readFileSync } from "node:fs";
import { contractFindings, measureDelta } from "../../provider/model/delta";
import { describeFinding } from "../../provider/model/describe";
import type { Session } from "../../provider/postgres/session";
import { changes, takeSnapshot } from "../../provider/postgres/catalog-snapshot";
import { cases } from "../support/cases";
import { tier } from "../unit/fixtures";
import { database, type TestDatabase } from "../support/database/database";
import { providerSession } from "../support/database/session";

/** A tier that creates one table and writes one row, and nothing else. */
const TIER = tier(1, [], {
  delta: {
    objects: { table: ["workshop.fresh"] },
    rows: {
      "workshop.declared": { inserted: 1, own: "true" },
      "workshop.fresh": { inserted: { from: 0, to: 3 }, own: "true" },
    },
    readings: {},
  },
});

/** What the tier may do. */
const DECLARED = "CREATE TABLE workshop.fresh (id integer); INSERT INTO workshop.declared VALUES (1);";

let db: TestDatabase;
let session: Session;

beforeAll(async () => {
  db = await database("empty");
  await db.query(readFileSync("test/fixtures/workshop.sql", "utf8"));
  await db.query("CREATE ROLE workshop_reader").catch(() => undefined);
  session = await providerSession(db.url);
});

/** What the contract has against a transaction that does what was declared, and `sql` besides. */
async function against(sql: string): Promise<string[]> {
  await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  try {
    const before = await takeSnapshot(session, "some_ledger");
    await session.query(DECLARED);
    if (sql) await session.query(sql);
    const moved = changes(before, await takeSnapshot(session, "some_ledger"));
    return contractFindings(TIER, { changes: moved, before: {}, after: {} }).map(describeFinding);
  } finally {
    await session.query("ROLLBACK");
  }
}

test("what was declared is no breach, and is measured", async () => {
  expect(await against("")).toEqual([]);
  await session.query("BEGIN");
  const before = await takeSnapshot(session, "");
  await session.query(`${DECLARED} INSERT INTO workshop.fresh VALUES (1), (2)`);
  const delta = measureDelta(TIER.delta, {
    changes: changes(before, await takeSnapshot(session, "")),
    before: {},
    after: {},
  });
  await session.query("ROLLBACK");

  expect(delta).toEqual({ objects: { table: 1 }, rows: { "workshop.declared": 1, "workshop.fresh": 2 }, readings: {} });
});

test.each(cases`
  one row too many | INSERT INTO workshop.declared VALUES (2) | workshop.declared: expected +1 rows, measured +2
  a row changed again | UPDATE workshop.declared SET id = 3 | workshop.declared: expected only inserted rows
  a row deleted again | DELETE FROM workshop.declared | workshop.declared: expected only inserted rows
  an insert | INSERT INTO workshop.kind VALUES ('pin') | undeclared write in workshop.kind: expected none, measured 1 inserted
  a COPY | INSERT INTO workshop.journal SELECT 'x' FROM generate_series(1, 9) | undeclared write in workshop.journal: expected none, measured 9 inserted
  an update that changes nothing | UPDATE workshop.thing SET name = name WHERE id = 1 | undeclared write in workshop.thing: expected none, measured 0 inserted, 1 updated
  an insert and its own delete | INSERT INTO workshop.kind VALUES ('pin'); DELETE FROM workshop.kind WHERE code = 'pin' | undeclared write in workshop.kind: expected none, measured 1 inserted, 0 updated, 1 deleted
  a write that was taken back | DO $$ BEGIN INSERT INTO workshop.kind VALUES ('pin'); RAISE 'no'; EXCEPTION WHEN raise_exception THEN NULL; END $$ | undeclared write in workshop.kind
  a write into a partition | INSERT INTO workshop.parted VALUES (5) | undeclared write in workshop.parted_low
  a truncated table | TRUNCATE workshop.journal | table workshop.journal was truncated or rewritten
  a rewritten table | CLUSTER workshop.thing USING thing_name | table workshop.thing was truncated or rewritten
  a refreshed materialized view | REFRESH MATERIALIZED VIEW workshop.m_thing | table workshop.m_thing was truncated or rewritten
  a dropped table | DROP TABLE workshop.journal | undeclared: table workshop.journal was dropped
  a dropped view | DROP VIEW workshop.v_thing | undeclared: view workshop.v_thing was dropped
  a dropped sequence | DROP SEQUENCE workshop.number | undeclared: sequence workshop.number was dropped
  a dropped function | DROP PROCEDURE workshop.clear() | undeclared: function workshop.clear() was dropped
  a created table | CREATE TABLE workshop.extra (id integer) | undeclared: table workshop.extra was created
  a created schema | CREATE SCHEMA elsewhere | undeclared: schema elsewhere was created
  a created type | CREATE TYPE workshop.hue AS ENUM ('red') | undeclared: type workshop.hue was created
  a created function | CREATE FUNCTION workshop.f() RETURNS void LANGUAGE sql AS '' | undeclared: function workshop.f() was created
  a table put in the place of one that was dropped | DROP TABLE workshop.journal; CREATE TABLE workshop.journal (line text) | undeclared: table workshop.journal was altered
`)("%s is seen", async (_, sql, text) => {
  expect(await against(sql)).toContainEqual(expect.stringContaining(text));
});

/** Everything that can be altered, with the object on which it is told. */
test.each(cases`
  a column added | ALTER TABLE workshop.kind ADD COLUMN remark text | table workshop.kind
  a column dropped | ALTER TABLE workshop.thing DROP COLUMN note | table workshop.thing
  a column's default | ALTER TABLE workshop.thing ALTER COLUMN name SET DEFAULT 'other' | table workshop.thing
  a column's NOT NULL | ALTER TABLE workshop.thing ALTER COLUMN name DROP NOT NULL | table workshop.thing
  a column renamed | ALTER TABLE workshop.journal RENAME COLUMN line TO text | table workshop.journal
  a column's statistics target | ALTER TABLE workshop.journal ALTER COLUMN line SET STATISTICS 7 | table workshop.journal
  a constraint | ALTER TABLE workshop.journal ADD CONSTRAINT filled CHECK (line <> '') NOT VALID | table workshop.journal
  an index | CREATE INDEX ON workshop.journal (line) | table workshop.journal
  an index dropped | DROP INDEX workshop.thing_name | table workshop.thing
  an index renamed | ALTER INDEX workshop.thing_name RENAME TO thing_by_name | table workshop.thing
  a trigger | CREATE TRIGGER t AFTER INSERT ON workshop.journal EXECUTE FUNCTION workshop.touch() | table workshop.journal
  a trigger disabled | ALTER TABLE workshop.kind DISABLE TRIGGER touch_kind | table workshop.kind
  a rule | CREATE RULE r AS ON UPDATE TO workshop.journal DO INSTEAD NOTHING | table workshop.journal
  a policy | DROP POLICY all_kinds ON workshop.kind | table workshop.kind
  row security | ALTER TABLE workshop.kind ENABLE ROW LEVEL SECURITY | table workshop.kind
  a storage option | ALTER TABLE workshop.kind SET (fillfactor = 50) | table workshop.kind
  the replica identity | ALTER TABLE workshop.thing REPLICA IDENTITY FULL | table workshop.thing
  a table made unlogged | ALTER TABLE workshop.journal SET UNLOGGED | table workshop.journal
  an owner | ALTER TABLE workshop.journal OWNER TO workshop_reader | table workshop.journal
  a grant on a table | GRANT SELECT ON workshop.journal TO workshop_reader | table workshop.journal
  a grant on a column | GRANT SELECT (code) ON workshop.kind TO workshop_reader | table workshop.kind
  a grant on a schema | GRANT USAGE ON SCHEMA workshop TO workshop_reader | schema workshop
  a grant on a function | GRANT EXECUTE ON FUNCTION workshop.double(integer) TO workshop_reader | function workshop.double(one integer)
  a grant on a sequence | GRANT USAGE ON SEQUENCE workshop.number TO workshop_reader | sequence workshop.number
  a grant on an identity's sequence | GRANT USAGE ON SEQUENCE workshop.thing_id_seq TO workshop_reader | thing
  default privileges | ALTER DEFAULT PRIVILEGES IN SCHEMA workshop GRANT SELECT ON TABLES TO workshop_reader | default privileges
  a comment on a table | COMMENT ON TABLE workshop.kind IS 'Kinds.' | table workshop.kind
  a comment changed | COMMENT ON TABLE workshop.thing IS 'Other things.' | table workshop.thing
  a comment taken away | COMMENT ON TABLE workshop.thing IS NULL | table workshop.thing
  a comment on a column | COMMENT ON COLUMN workshop.kind.code IS 'Code.' | table workshop.kind
  a comment on a view | COMMENT ON VIEW workshop.v_thing IS 'x' | view workshop.v_thing
  a comment on a function | COMMENT ON FUNCTION workshop.double(integer) IS 'x' | function workshop.double
  a comment on a schema | COMMENT ON SCHEMA workshop IS 'x' | schema workshop
  a comment on a type | COMMENT ON TYPE workshop.mood IS 'x' | type workshop.mood
  a comment on a constraint | COMMENT ON CONSTRAINT thing_size ON workshop.thing IS 'x' | thing
  a comment on an index | COMMENT ON INDEX workshop.thing_name IS 'x' | thing
  a comment on a trigger | COMMENT ON TRIGGER touch_kind ON workshop.kind IS 'x' | kind
  a view's text | CREATE OR REPLACE VIEW workshop.v_thing AS SELECT name, size, id AS twice FROM workshop.thing | view workshop.v_thing
  a view's option | ALTER VIEW workshop.v_thing SET (security_barrier = true) | view workshop.v_thing
  a function's body | CREATE OR REPLACE FUNCTION workshop.double(one integer) RETURNS integer IMMUTABLE LANGUAGE sql AS $$ SELECT 3 * one $$ | function workshop.double(one integer)
  a function's volatility | ALTER FUNCTION workshop.double(integer) VOLATILE | function workshop.double(one integer)
  an enum's value | ALTER TYPE workshop.mood RENAME VALUE 'bad' TO 'worse' | type workshop.mood
  an enum's new value | ALTER TYPE workshop.mood ADD VALUE 'so so' | type workshop.mood
  a domain's constraint | ALTER DOMAIN workshop.small ADD CHECK (VALUE > 0) | type workshop.small
  a composite type | ALTER TYPE workshop.pair ADD ATTRIBUTE third integer | type workshop.pair
  an aggregate | ALTER AGGREGATE workshop.total(integer) RENAME TO sum_total | function workshop.
  a sequence's definition | ALTER SEQUENCE workshop.number INCREMENT 10 | sequence workshop.number
  an identity's definition | ALTER TABLE workshop.thing ALTER COLUMN id SET INCREMENT 10 | thing
  extended statistics | DROP STATISTICS workshop.thing_pairs | table workshop.thing
  a partition attached | CREATE TABLE workshop.fresh_part PARTITION OF workshop.parted FOR VALUES FROM (10) TO (20) | table workshop.fresh_part
  a partition detached | ALTER TABLE workshop.parted DETACH PARTITION workshop.parted_low | table workshop.parted_low
  a setting of the database | DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = %L', current_database(), '8MB'); END $$ | settings of every role in this database
  a role | CREATE ROLE workshop_writer | role workshop_writer
  a role's membership | GRANT pg_monitor TO workshop_reader | role workshop_reader
  a table published | CREATE PUBLICATION empty; ALTER PUBLICATION empty ADD TABLE workshop.thing | table workshop.thing
  a setting of a role | ALTER ROLE workshop_reader SET work_mem = '8MB' | settings of workshop_reader
  a database's privileges | GRANT TEMPORARY ON DATABASE template1 TO workshop_reader | database template1
  a database's connection limit | ALTER DATABASE template1 CONNECTION LIMIT 7 | database template1
  a large object | SELECT lo_create(0) | large objects
  counting switched off | SET LOCAL track_counts = off | setting track_counts
  triggers switched off | SET LOCAL session_replication_role = replica | setting session_replication_role
  a publication | CREATE PUBLICATION all_things FOR TABLE workshop.thing | publication
`)("%s is seen", async (_, sql, object) => {
  expect(await against(sql)).toContainEqual(expect.stringMatching(/^undeclared: /));
  expect((await against(sql)).join("\n")).toContain(object);
});

test("a trigger that writes elsewhere is told by the table that it wrote", async () => {
  expect(await against("UPDATE workshop.kind SET code = code WHERE code = 'rod'")).toEqual([
    "undeclared write in workshop.journal: expected none, measured 1 inserted, 0 updated, 0 deleted",
    "undeclared write in workshop.kind: expected none, measured 0 inserted, 1 updated, 0 deleted",
  ]);
});

test("a cascade is told by the table that it emptied", async () => {
  expect(await against("DELETE FROM workshop.kind WHERE code = 'cog'")).toEqual([
    expect.stringContaining(
      "undeclared write in workshop.kind: expected none, measured 0 inserted, 0 updated, 1 deleted",
    ),
    expect.stringContaining(
      "undeclared write in workshop.thing: expected none, measured 0 inserted, 0 updated, 2 deleted",
    ),
  ]);
});

test("a truncation that cascades is told for every table", async () => {
  expect(await against("TRUNCATE workshop.kind CASCADE")).toEqual([
    "undeclared: table workshop.kind was truncated or rewritten",
    "undeclared: table workshop.thing was truncated or rewritten",
  ]);
});

test("rows of earlier transactions do not count", async () => {
  await session.query("INSERT INTO workshop.journal VALUES ('before')");
  expect(await against("")).toEqual([]);
});

test("a moved sequence is told, since nothing takes it back", async () => {
  expect(await against("SELECT nextval('workshop.number'), setval('workshop.thing_id_seq', 700)")).toEqual([
    "undeclared: sequence workshop.number was moved",
    "undeclared: sequence workshop.thing_id_seq was moved",
  ]);
});

test("the ledger's schema is left out, every other is not", async () => {
  expect(await against("CREATE SCHEMA some_ledger; CREATE TABLE some_ledger.ledger (id integer)")).toEqual([]);
  expect(await against("CREATE SCHEMA another; CREATE TABLE another.ledger (id integer)")).toHaveLength(2);
});

test("what was not created, or not in the declared place, is told too", async () => {
  expect(await against("DROP TABLE workshop.fresh; CREATE VIEW workshop.fresh AS SELECT 1 AS id")).toEqual([
    "declared but not created: table workshop.fresh",
    "undeclared: view workshop.fresh was created",
  ]);
});
