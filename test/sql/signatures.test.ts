import { createHash } from "node:crypto";
import { database, lastOf, type TestDatabase } from "../support/database/database";
import { SIGNATURES, text } from "../support/database/files";

/* What is kept of who has signed, whatever columns the application's table has come to. */

const ID = "5a1e0000-0000-4000-8000-000000000001";
const ACCOUNT = "5a1e0000-0000-4000-8000-0000000000aa";

let db: TestDatabase;

beforeAll(async () => {
  db = await database("signed");
  await db.query(
    "UPDATE os_proposal_approvals SET signed_at = '2026-06-02 10:00+02', date_created = '2026-06-01 10:00Z'",
  );
});

/** The signatures once `sql` has run, which is taken back. */
async function signatures(sql = ""): Promise<unknown[][]> {
  await db.query(`BEGIN; SET LOCAL search_path = public; ${sql}`);
  try {
    return await db.rows(text(SIGNATURES));
  } finally {
    await db.query("ROLLBACK");
  }
}

test("the row of the baseline is kept with its key, who signed, what was decided and when, and a digest of the whole", async () => {
  const whole = await db.value<string>("SELECT to_jsonb(a.*)::text FROM os_proposal_approvals AS a");
  const digest = createHash("sha256").update(whole).digest("hex");
  expect(await signatures("SET LOCAL timezone = 'UTC'")).toEqual([
    ["os_proposal_approvals", ID, `The owner, account ${ACCOUNT}`, "approved", "2026-06-02T08:00:00+00:00", digest],
  ]);
});

test("nothing else of a person or of what they wrote is kept", async () => {
  const [row] =
    await signatures(`UPDATE os_proposal_approvals SET rationale = 'PRIVATE', document_url = 'PRIVATE', signer_role = 'PRIVATE',
    proposal_title = 'PRIVATE', signature_digest = 'PRIVATE'; ALTER TABLE os_proposal_approvals ADD email text DEFAULT 'PRIVATE'`);
  expect(row).toHaveLength(6);
  expect(JSON.stringify(row)).not.toContain("PRIVATE");
});

test("the digest tells a row that comes back from one that was changed, under any time zone", async () => {
  const digest = async (sql?: string) => (await signatures(sql))[0][5];
  const [first, elsewhere] = [await digest(), await digest("SET LOCAL timezone = 'Asia/Ho_Chi_Minh'")];
  expect(elsewhere).toBe(first);
  expect(
    await digest(
      "CREATE TABLE copy AS TABLE os_proposal_approvals; DELETE FROM os_proposal_approvals; INSERT INTO os_proposal_approvals TABLE copy",
    ),
  ).toBe(first);
  expect(await digest("UPDATE os_proposal_approvals SET rationale = 'Another.'")).not.toBe(first);
});

/** What a Directus collection has at least. */
const CERTAIN = ["id", "status", "user_created", "date_created"];
const ALTER = "ALTER TABLE os_proposal_approvals";
const OWNER = `The owner, account ${ACCOUNT}`;
const SIGNED_AT = "2026-06-02T08:00:00+00:00";

test.each<[what: string, sql: string, known: { key?: string; signer?: string; decision?: string; signedAt?: string }]>([
  [
    "by the four columns that are certain",
    `DO $$ BEGIN EXECUTE (SELECT 'ALTER TABLE os_proposal_approvals ' || string_agg('DROP ' || attname, ', ') FROM pg_attribute
       WHERE attrelid = 'os_proposal_approvals'::regclass AND attnum > 0 AND attname <> ALL ('{${CERTAIN.join(",")}}')); END $$`,
    { signer: `account ${ACCOUNT}`, signedAt: "2026-06-01T10:00:00+00:00" },
  ],
  ["under another name for the signer", `${ALTER} RENAME signer_name TO "Approved_By"`, {}],
  [
    "with columns called as the query calls its own",
    `${ALTER} ADD signed text DEFAULT 'no', ADD columns text, ADD facts text`,
    {},
  ],
  [
    "by a key of two columns",
    `${ALTER} DROP CONSTRAINT os_proposal_approvals_pkey, ADD PRIMARY KEY (request_code, id)`,
    { key: `APR-0211, ${ID}` },
  ],
  ["without a key, by its id", `${ALTER} DROP CONSTRAINT os_proposal_approvals_pkey`, {}],
  [
    "with text that XML does not take as it is",
    `UPDATE os_proposal_approvals SET signer_name = E'<Ö & "o">\\x01', user_created = NULL`,
    { signer: `<Ö & "o">\x01` },
  ],
  ["where it says no", "UPDATE os_proposal_approvals SET decision = 'rejected'", { decision: "rejected" }],
])("a row is known %s", async (_, sql, { key = ID, signer = OWNER, decision = "approved", signedAt = SIGNED_AT }) => {
  const rows = await signatures(sql);
  expect(rows.map((row) => row.slice(1, 5))).toEqual([[key, signer, decision, signedAt]]);
});

test("a table with nothing that tells keeps the digest of each row, in an order that stays", async () => {
  const sql = "DROP TABLE os_proposal_approvals CASCADE; CREATE TABLE os_proposal_approvals (n integer)";
  const rows = await signatures(`${sql}; INSERT INTO os_proposal_approvals VALUES (1), (2)`);
  expect(rows.map((row) => row.slice(0, 5))).toEqual(rows.map(() => ["os_proposal_approvals", null, null, null, null]));
  expect(await signatures(`${sql}; INSERT INTO os_proposal_approvals VALUES (2), (1)`)).toEqual(rows);
  expect(rows).toHaveLength(2);
});

test.each([
  ["is empty", "DELETE FROM os_proposal_approvals"],
  ["is not there", "DROP TABLE os_proposal_approvals CASCADE"],
  ["may not be read", "CREATE ROLE signature_blind; SET LOCAL ROLE signature_blind"],
])("where the table %s nobody has signed, and that is no error", async (_, sql) => {
  expect(await signatures(sql)).toEqual([]);
});

test("it is one SELECT, in a read-only transaction too", async () => {
  const client = await db.connect();
  await client.query("BEGIN READ ONLY");
  const result = lastOf(await client.query(text(SIGNATURES)));
  expect([result.command, result.rowCount]).toEqual(["SELECT", 1]);
});
