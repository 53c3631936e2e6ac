import fc from "fast-check";
import { normalise, sha256 } from "../../provider/release/digest";
import { loadScript, parseScript } from "../../provider/release/script";

const parsed = async (text: string) => (await parseScript("x.sql", text)).statements;
const wrapped = (...statements: string[]) => `BEGIN;\n${statements.map((each) => `${each};\n`).join("")}COMMIT;\n`;

describe("a file is split", () => {
  test.each<[what: string, statements: string[]]>([
    ["plain statements", ["SELECT 1", "SELECT 2"]],
    ["a semicolon in a string", ["SELECT 'a;b'", "SELECT 2"]],
    ["a semicolon in a name", [`SELECT 1 AS "a;b"`, "SELECT 2"]],
    ["a quote in a string", ["SELECT 'it''s; here'", "SELECT 2"]],
    ["a dollar-quoted body", ["DO $do$ BEGIN PERFORM 1; PERFORM $x$;$x$; END $do$", "SELECT 2"]],
    ["an escape string", [String.raw`SELECT E'\';'`, "SELECT 2"]],
    ["comments inside", ["SELECT 1 -- not; here\n, 2", "SELECT /* nor; here */ 2"]],
    ["nested comments inside", ["SELECT /* a /* ; */ b; */ 1", "SELECT 2"]],
    ["text of more than one byte", ["SELECT 'Zuständigkeit → 30; 🏠'", "SELECT 'größer; 中文'", "SELECT 3"]],
  ])("at the ends of %s", async (_, statements) => {
    expect((await parsed(wrapped(...statements))).map(({ sql }) => sql)).toEqual(statements);
  });

  test("without the comments between statements, which keep their lines", async () => {
    const text = `-- Überschrift → first\n\nBEGIN;\n\n-- one; two\n/* three;\n four */ SELECT 1;\nSELECT\n  2; SELECT 3;\n-- end\nCOMMIT;\n`;
    expect(await parsed(text)).toEqual([
      { sql: "SELECT 1", line: 7 },
      { sql: "SELECT\n  2", line: 8 },
      { sql: "SELECT 3", line: 9 },
    ]);
  });

  test("alike with either kind of line end", async () => {
    const unix = wrapped("SELECT 1", "SELECT\n 2");
    const windows = await parseScript("x.sql", unix.replaceAll("\n", "\r\n"));
    expect(windows).toEqual(await parseScript("x.sql", unix));
    expect(windows.text).not.toContain("\r");
  });

  test("whatever is in its strings: what was joined comes back, statement by statement, on its line", async () => {
    const text = fc.string({ unit: "binary" }).map((each) => each.replaceAll(/[\0\r]/g, ""));
    const quoted = text.map((each) => `SELECT '${each.replaceAll("'", "''")}' AS "${"é".repeat(each.length % 3)}x"`);
    const spaces = fc.constantFrom("\n", "\n\n", " ", "\n-- ; é\n", "/* ; */");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(spaces, quoted), { maxLength: 8 }), async (pairs) => {
        // A lone surrogate is no character of UTF-8, so it cannot come back.
        fc.pre(pairs.every(([, sql]) => !/\p{Surrogate}/u.test(sql)));
        let whole = "BEGIN;";
        const expected = pairs.map(([space, sql]) => {
          whole += space;
          const line = whole.split("\n").length;
          whole += `${sql};`;
          return { sql, line };
        });
        expect(await parsed(`${whole}COMMIT;`)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a file is refused that", () => {
  test.each([
    ["is only a comment", "-- nothing\n"],
    ["has no BEGIN", "SELECT 1; COMMIT;"],
    ["has no COMMIT", "BEGIN; SELECT 1;"],
    ["ends with ROLLBACK", "BEGIN; SELECT 1; ROLLBACK;"],
    ["starts before its BEGIN", "SELECT 1; BEGIN; COMMIT;"],
    ["goes on after its COMMIT", "BEGIN; COMMIT; DELETE FROM t;"],
    ["commits in between", "BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT;"],
    ["begins twice", "BEGIN; BEGIN; COMMIT;"],
    ["sets a savepoint", "BEGIN; SAVEPOINT s; COMMIT;"],
    ["rolls back to one", "BEGIN; ROLLBACK TO SAVEPOINT s; COMMIT;"],
    ["prepares itself", "BEGIN; SELECT 1; PREPARE TRANSACTION 'x'; COMMIT;"],
    ["commits and chains", "BEGIN; COMMIT AND CHAIN; COMMIT;"],
  ])("%s, by its name and what was expected", async (_, text) => {
    await expect(parseScript("sql/x.sql", text)).rejects.toThrow(
      /^sql\/x\.sql must be one transaction: expected BEGIN/,
    );
  });

  test.each([
    ["is empty", ""],
    ["is no SQL", "BEGIN; SELEKT 1; COMMIT;"],
    ["is for psql only", "BEGIN;\n\\set x 1\nCOMMIT;"],
    ["leaves a string open", "BEGIN; SELECT 'x; COMMIT;"],
    ["has a psql variable", "BEGIN; SELECT :'x'; COMMIT;"],
  ])("%s", async (_, text) => {
    await expect(parseScript("sql/x.sql", text)).rejects.toThrow(/^sql\/x\.sql is not SQL that PostgreSQL can parse: /);
  });

  test("is not there", async () => {
    await expect(loadScript("/nonexistent", "sql/x.sql")).rejects.toThrow(/^Cannot read sql\/x\.sql: /);
  });
});

test("a read-only transaction is a transaction too", async () => {
  expect(await parsed("BEGIN TRANSACTION READ ONLY; SELECT 1; COMMIT;")).toHaveLength(1);
});

test("a digest is that of the text with its line ends normalised, and of nothing else", async () => {
  const text = wrapped("SELECT 'é'");
  expect((await parseScript("x.sql", text)).digest).toBe(sha256(text));
  expect((await parseScript("y.sql", text)).digest).toBe(sha256(text));
  expect((await parseScript("x.sql", `${text} `)).digest).not.toBe(sha256(text));
  expect(sha256("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(normalise("a\r\nb\rc\n")).toBe("a\nb\rc\n");
});

describe("a statement whose effects the delta contract could not judge is refused with file and line", () => {
  test.each([
    ["COPY t TO PROGRAM 'x'", "Copy"],
    ["COPY t TO '/x'", "Copy"],
    ["ALTER SYSTEM SET work_mem = '1GB'", "AlterSystem"],
    ["ALTER ROLE a PASSWORD 'x'", "AlterRole"],
    ["GRANT a TO b", "GrantRole"],
    ["CREATE EXTENSION dblink", "CreateExtension"],
    ["ALTER DATABASE d CONNECTION LIMIT 1", "AlterDatabase"],
    ["GRANT CONNECT ON DATABASE d TO b", "a right on a database"],
    ["GRANT SET ON PARAMETER work_mem TO b", "a right on a parameter"],
    ["LOAD 'x'", "Load"],
    ["NOTIFY x", "Notify"],
    ["PREPARE x AS SELECT 1", "Prepare"],
    ["SET ROLE a", "setting role"],
    ["SET SESSION AUTHORIZATION a", "setting session_authorization"],
    ["SET LOCAL track_counts = off", "setting track_counts"],
    ["SET session_replication_role = replica", "setting session_replication_role"],
    ["RESET ALL", "setting everything back"],
    ["SELECT setval('s', 1)", '"setval("'],
    ["SELECT U&\"\\0073etval\"('s', 1)", '"setval("'],
    ['INSERT INTO t SELECT pg_catalog."pg_terminate_backend"(pid) FROM pg_stat_activity', '"pg_terminate_backend("'],
    ["UPDATE t SET x = (SELECT pg_notify('c', x))", '"pg_notify("'],
    ["DO $$ BEGIN COPY t TO PROGRAM 'x'; END $$", '"COPY t TO"'],
    ["DO $$ BEGIN EXECUTE 'COPY (SELECT 1, 2) TO ''/x'''; END $$", '"COPY (SELECT 1, 2) TO"'],
    ["DO $$ BEGIN NOTIFY x; END $$", '"NOTIFY x"'],
    [`DO $$ BEGIN PERFORM "setval" ('s', 1); END $$`, `"setval" ("`],
    ["CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x', 'y'", '"LANGUAGE c"'],
    ["CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'x'", '"LANGUAGE plpython3u"'],
  ])("%s", async (sql, what) => {
    const refused = expect(parseScript("sql/x.sql", `BEGIN;\nSELECT 1;\n${sql};\nCOMMIT;\n`)).rejects;
    await refused.toThrow(`sql/x.sql line 3: ${what}`);
    await refused.toThrow(/is not allowed in a tier[^]*Nothing was changed/);
  });
});
