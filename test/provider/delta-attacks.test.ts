import { readFileSync } from "node:fs";
import { contractFindings } from "../../provider/model/delta";
import { describeFinding } from "../../provider/model/describe";
import { changes, takeSnapshot } from "../../provider/postgres/catalog-snapshot";
import { hiddenFindings, takeTallies } from "../../provider/postgres/tallies";
import type { Session } from "../../provider/postgres/session";
import { runScript } from "../../provider/execute/run-script";
import { parseScript } from "../../provider/release/script";
import { cases } from "../support/cases";
import { atEnd } from "../support/clean-up";
import { database, type TestDatabase } from "../support/database/database";
import { providerSession } from "../support/database/session";
import { tier } from "../unit/fixtures";

/*
 * What somebody would try who writes a tier's SQL and wants to change more than it declares. The allow-list reads what is
 * written; so each attack is built when it runs, as one string in a DO block, and only its effect can give it away.
 */

const TIER = tier(1, [], {
  delta: { objects: {}, rows: { "workshop.declared": { inserted: 1, own: "true" } }, readings: {} },
});
const DECLARED = "INSERT INTO workshop.declared VALUES (1);";

let db: TestDatabase;
let superuser: Session;
let ordinary: Session;

beforeAll(async () => {
  db = await database("empty");
  await db.query(`${readFileSync("test/fixtures/workshop.sql", "utf8")}; INSERT INTO workshop.declared VALUES (100)`);
  // Roles outlive their database; those of a run that was cut off may still be there.
  await db.query(`DROP ROLE IF EXISTS attacker, attacked, bystander;
    CREATE ROLE attacker LOGIN CREATEROLE; CREATE ROLE attacked; CREATE ROLE bystander;
    GRANT attacked TO attacker WITH ADMIN OPTION;
    GRANT ALL ON SCHEMA workshop TO attacker; GRANT CREATE ON DATABASE ${db.name} TO attacker;
    GRANT ALL ON ALL TABLES IN SCHEMA workshop TO attacker; GRANT ALL ON ALL SEQUENCES IN SCHEMA workshop TO attacker;
    SELECT lo_from_bytea(4711, 'x'); GRANT ALL ON LARGE OBJECT 4711 TO attacker`);
  atEnd(() => db.query("DROP OWNED BY attacker; DROP ROLE attacker, attacked, bystander"));
  superuser = await providerSession(db.url);
  ordinary = await providerSession(db.url.replace("//postgres@", "//attacker@"));
});

/** A text that no reader of the file finds again in it: it is put together when it runs. */
function hidden(sql: string): string {
  const pieces = sql.match(/[^]{1,4}/g) ?? [];
  return `DO $do$ BEGIN EXECUTE ${pieces.map((piece) => `$h$${piece}$h$`).join(" || ")}; END $do$`;
}

/** What the contract has against a file of `session` that does what was declared, and `sql` besides. */
async function against(session: Session, sql: string): Promise<string[]> {
  const script = await parseScript("x.sql", `BEGIN; ${DECLARED} ${sql}; COMMIT;`);
  await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  try {
    const before = await takeSnapshot(session, "some_ledger");
    const tallies = await takeTallies(session, ["workshop.declared"], before);
    await runScript(session, script);
    const moved = changes(before, await takeSnapshot(session, "some_ledger"));
    const after = await takeTallies(session, ["workshop.declared"], before);
    return [
      ...contractFindings(TIER, { changes: moved, before: {}, after: {} }),
      ...hiddenFindings(tallies, after, moved),
    ].map(describeFinding);
  } finally {
    await session.query("ROLLBACK");
  }
}

test("what was declared is no breach, for either", async () => {
  expect([await against(superuser, "SELECT 1"), await against(ordinary, "SELECT 1")]).toEqual([[], []]);
});

test.each(cases`
  a password of its own | ALTER ROLE attacker PASSWORD 'x' | write in pg_catalog.pg_authid
  a password of another role | ALTER ROLE attacked PASSWORD 'x' | write in pg_catalog.pg_authid
  an expiry of a role | ALTER ROLE attacked VALID UNTIL '2030-01-01' | write in pg_catalog.pg_authid
  a setting of its own | ALTER ROLE attacker SET work_mem = '8MB' | write in pg_catalog.pg_db_role_setting
  a role | CREATE ROLE attacking | role attacking was created
  a membership | GRANT attacked TO bystander | write in pg_catalog.pg_auth_members
  a sequence set back | SELECT setval('workshop.number', 1, false) | sequence workshop.number was moved
  a sequence used up | SELECT nextval('workshop.number') FROM generate_series(1, 99) | sequence workshop.number was moved
  a sequence used in a savepoint that failed | DO $$ BEGIN PERFORM nextval('workshop.number'); RAISE 'no'; EXCEPTION WHEN raise_exception THEN NULL; END $$ | sequence workshop.number was moved
  a large object | SELECT lo_from_bytea(0, 'y') | write in pg_catalog.pg_largeobject
  a large object written into | SELECT lo_put(4711, 0, 'y') | write in pg_catalog.pg_largeobject
  a temporary table | CREATE TEMP TABLE declared (id integer) | temporary tables
`)("%s is seen of an ordinary role", async (_, sql, told) => {
  expect((await against(ordinary, hidden(sql))).join("\n")).toContain(told);
});

test.each(cases`
  a role's password | ALTER ROLE attacked PASSWORD 'x' | write in pg_catalog.pg_authid
  a database's privileges | GRANT TEMPORARY ON DATABASE template1 TO attacked | write in pg_catalog.pg_database
  a database's connection limit | ALTER DATABASE template1 CONNECTION LIMIT 7 | write in pg_catalog.pg_database
  a setting of a database | ALTER DATABASE template1 SET track_counts = off | write in pg_catalog.pg_db_role_setting
  a right on a parameter | GRANT SET ON PARAMETER track_counts TO attacked | write in pg_catalog.pg_parameter_acl
  an option of a tablespace | ALTER TABLESPACE pg_default SET (random_page_cost = 1) | write in pg_catalog.pg_tablespace
  a comment on a database | COMMENT ON DATABASE template1 IS 'x' | write in pg_catalog.pg_shdescription
  a comment on a role | COMMENT ON ROLE attacked IS 'x' | write in pg_catalog.pg_shdescription
  a comment on a function of PostgreSQL | COMMENT ON FUNCTION pg_catalog.now() IS 'x' | system catalog pg_description
  a base type | CREATE TYPE workshop.shell | base types
  a publication | CREATE PUBLICATION p FOR ALL TABLES | write in pg_catalog.pg_publication
  a subscription | CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false) | write in pg_catalog.pg_subscription
  a foreign server with a user | DO $$ BEGIN CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR attacked SERVER s; END $$ | write in pg_catalog.pg_user_mapping
  an event trigger | DO $$ BEGIN CREATE FUNCTION workshop.e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION workshop.e(); END $$ | write in pg_catalog.pg_event_trigger
  a catalog that is read by everyone | GRANT SELECT ON pg_catalog.pg_authid TO attacked | system catalog pg_class
  a function of PostgreSQL | ALTER FUNCTION pg_catalog.now() SECURITY DEFINER | system catalog pg_proc
  a function of PostgreSQL, by its row, in a savepoint | DO $$ BEGIN UPDATE pg_proc SET prosecdef = true WHERE proname = 'now'; EXCEPTION WHEN raise_exception THEN NULL; END $$ | system catalog pg_proc
  rights on schema public | GRANT CREATE ON SCHEMA public TO PUBLIC | system catalog pg_namespace
  triggers hidden from their table | UPDATE pg_class SET relhastriggers = false WHERE oid = 'workshop.kind'::regclass | triggers that a table does not know of
  foreign keys switched off | ALTER TABLE workshop.thing DISABLE TRIGGER ALL | triggers of foreign keys
  an option of a toast table | ALTER TABLE workshop.journal SET (toast.autovacuum_enabled = false) | options of toast tables
  a row of the standard's schema | DELETE FROM information_schema.sql_features | write in information_schema.sql_features
  an aggregate's definition, by its row | UPDATE pg_operator SET oprcode = oprcode WHERE oprname = '=' | write in pg_catalog.pg_operator
`)("%s is seen of a superuser", async (_, sql, told) => {
  expect((await against(superuser, hidden(sql))).join("\n")).toContain(told);
});

/** Ways to switch counting off, and on again before anybody looks. `%` is what is done in between. */
test.each(cases`
  SET LOCAL | DO $$ BEGIN EXECUTE 'SET LOC' || 'AL track_' || 'counts = off'; %; EXECUTE 'SET LOC' || 'AL track_' || 'counts = on'; END $$
  set_config | DO $$ BEGIN PERFORM set_config('track_' || 'counts', 'off', true); %; PERFORM set_config('track_' || 'counts', 'on', true); END $$
  a function's own setting | DO $$ BEGIN EXECUTE $x$ CREATE FUNCTION workshop.f() RETURNS void LANGUAGE plpgsql SET track_$x$ || $x$counts = off AS $f$ BEGIN %; END $f$ $x$; PERFORM workshop.f(); DROP FUNCTION workshop.f(); END $$
`)("what is written while counting is off by %s is seen", async (_, way) => {
  const done = (sql: string) =>
    against(
      superuser,
      way.replace("%", () => sql),
    );
  expect(await done("UPDATE workshop.kind SET code = code")).toEqual(
    ["workshop.journal", "workshop.kind"].map((name) => expect.stringContaining(`table ${name} was written to`)),
  );
  expect(await done("DELETE FROM workshop.kind WHERE code = 'rod'")).toContainEqual(
    expect.stringContaining("table workshop.kind was written to"),
  );
  expect(await done("ALTER ROLE attacked PASSWORD 'x'")).toContainEqual(
    expect.stringContaining("pg_catalog.pg_authid"),
  );
});

test.each(cases`
  a row changed | UPDATE workshop.declared SET id = id WHERE id = 100
  a row deleted | DELETE FROM workshop.declared WHERE id = 100
  a row more | INSERT INTO workshop.declared VALUES (2)
`)("%s where a tier may insert, while counting is off, is seen", async (_, sql) => {
  const off = `DO $$ BEGIN PERFORM set_config('track_' || 'counts', 'off', true); ${sql}; PERFORM set_config('track_' || 'counts', 'on', true); END $$`;
  expect(await against(superuser, off)).toEqual([expect.stringContaining("table workshop.declared was written to")]);
});

test("an ordinary role cannot switch counting off", async () => {
  const off = "DO $$ BEGIN PERFORM set_config('track_' || 'counts', 'off', true); END $$";
  await expect(against(ordinary, off)).rejects.toThrow(/permission denied to set parameter "track_counts"/);
});

test("an update that finds no row is no breach of an ordinary role's tier", async () => {
  expect(await against(ordinary, "UPDATE workshop.kind SET code = code WHERE false")).toEqual([]);
});

test("names that a tier puts in the way of the snapshot take no part in it", async () => {
  const found = await against(
    ordinary,
    `CREATE SCHEMA shadow; CREATE FUNCTION shadow.never(bigint, integer) RETURNS boolean LANGUAGE sql AS 'SELECT false';
     CREATE OPERATOR shadow.> (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = shadow.never);
     SET LOCAL search_path = shadow, pg_catalog; INSERT INTO workshop.kind VALUES ('pin')`,
  );
  expect(found).toContainEqual(expect.stringContaining("undeclared write in workshop.kind"));
});

test("what the server refuses inside of a transaction needs no eye on it", async () => {
  for (const sql of ["ALTER SYSTEM SET work_mem = '8MB'", "CREATE DATABASE another", "DROP TABLESPACE pg_default"]) {
    await expect(against(superuser, hidden(sql))).rejects.toThrow(/cannot (run inside|be executed from)/);
  }
});
