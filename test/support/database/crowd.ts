import type { TestDatabase } from "./database";

/** How many tables are made in one transaction: each takes locks, and the server keeps room for so many. */
const AT_ONCE = 200;

/**
 * Other people's tables, in a schema of their own: each with a key, an identity, a default, a foreign key, a trigger and
 * three comments.
 */
export async function crowd(db: Pick<TestDatabase, "query">, tables: number): Promise<void> {
  await db.query(`
    CREATE SCHEMA crowd;
    CREATE TABLE crowd.t0 (id integer PRIMARY KEY);
    CREATE FUNCTION crowd.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`);
  for (let first = 1; first <= tables; first += AT_ONCE) {
    const last = Math.min(tables, first + AT_ONCE - 1);
    await db.query(`DO $$ BEGIN FOR n IN ${first}..${last} LOOP
      EXECUTE format('CREATE TABLE crowd.t%1$s (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text DEFAULT '''', other integer REFERENCES crowd.t0);
        CREATE TRIGGER touch BEFORE UPDATE ON crowd.t%1$s FOR EACH ROW EXECUTE FUNCTION crowd.touch();
        COMMENT ON TABLE crowd.t%1$s IS ''x''; COMMENT ON COLUMN crowd.t%1$s.id IS ''y''; COMMENT ON COLUMN crowd.t%1$s.name IS ''z''', n);
    END LOOP; END $$`);
  }
}
