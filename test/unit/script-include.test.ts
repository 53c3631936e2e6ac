import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { loadScript, parseScript } from "../../provider/script";

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), "one-roof-include-"));
});

afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
}

const load = () => loadScript(root, "sql/prod/tier.sql");

test("what a file includes stands in its place, each statement with its own file and line", async () => {
  write("sql/prod/tier.sql", "BEGIN;\n\\ir ../common/ground.sql\n\nSELECT 2;\n\\ir ../common/end.sql\nCOMMIT;\n");
  write("sql/common/ground.sql", "-- Ground.\nSELECT 1;\n\\ir deep/er.sql\n");
  write("sql/common/deep/er.sql", "\nSELECT 1.5;");
  write("sql/common/end.sql", "-- Only a comment.\n");
  const { name, text, digest, statements } = await load();
  expect(statements).toEqual([
    { sql: "SELECT 1", line: 2, file: "sql/common/ground.sql" },
    { sql: "SELECT 1.5", line: 2, file: "sql/common/deep/er.sql" },
    { sql: "SELECT 2", line: 4 },
  ]);
  expect(name).toBe("sql/prod/tier.sql");
  expect(text).toBe("BEGIN;\n-- Ground.\nSELECT 1;\n\nSELECT 1.5;\n\nSELECT 2;\n-- Only a comment.\nCOMMIT;\n");

  const recorded = await parseScript("recorded", text);
  expect([recorded.digest, recorded.statements.map(({ sql }) => sql)]).toEqual([
    digest,
    statements.map(({ sql }) => sql),
  ]);
});

test("the digest changes with an included file, and not with its line ends", async () => {
  write("sql/prod/tier.sql", "BEGIN;\n\\ir one.sql\nCOMMIT;\n");
  write("sql/prod/one.sql", "SELECT 1;\n");
  const { digest } = await load();
  write("sql/prod/one.sql", "SELECT 1;\r\n");
  expect((await load()).digest).toBe(digest);
  write("sql/prod/one.sql", "SELECT 2;\n");
  expect((await load()).digest).not.toBe(digest);
});

test.each([
  [
    "is missing",
    "BEGIN;\n\\ir one.sql\nCOMMIT;\n",
    undefined,
    /^Cannot read sql\/prod\/one\.sql, which sql\/prod\/tier\.sql includes: /,
  ],
  [
    "commits",
    "BEGIN;\n\\ir one.sql\nCOMMIT;\n",
    "COMMIT;\nBEGIN;\n",
    /^sql\/prod\/one\.sql, which sql\/prod\/tier\.sql includes, must not begin or end a transaction/,
  ],
  [
    "is no SQL",
    "BEGIN;\n\\ir one.sql\nCOMMIT;\n",
    "SELEKT 1;\n",
    /^sql\/prod\/one\.sql is not SQL that PostgreSQL can parse: /,
  ],
  [
    "speaks to psql",
    "BEGIN;\n\\ir one.sql\nCOMMIT;\n",
    "\\set x 1\n",
    /^sql\/prod\/one\.sql is not SQL that PostgreSQL can parse: /,
  ],
  ["includes itself", "BEGIN;\n\\ir one.sql\nCOMMIT;\n", "\\ir one.sql\n", /^sql\/prod\/one\.sql includes itself/],
  [
    "comes in the middle of a statement",
    "BEGIN;\nSELECT\n\\ir one.sql\n;\nCOMMIT;\n",
    "1\n",
    /^sql\/prod\/tier\.sql includes a file in the middle of a statement/,
  ],
  [
    "comes inside of a string",
    "BEGIN;\nSELECT $$\n\\ir one.sql\n$$;\nCOMMIT;\n",
    "SELECT 1;\n",
    /^sql\/prod\/tier\.sql is not SQL that PostgreSQL can parse: /,
  ],
])("a file is refused by name that %s", async (_, tier, one, why) => {
  write("sql/prod/tier.sql", tier);
  if (one !== undefined) write("sql/prod/one.sql", one);
  await expect(load()).rejects.toThrow(why);
});
