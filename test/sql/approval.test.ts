import { cases } from "../support/cases";
import { database, RATIFIED, withDatabase, type TestDatabase } from "../support/database/database";
import { PROBE, text, tierFile } from "../support/database/files";
import { refusal, refusedAt } from "../support/database/refusal";

/*
 * What makes a row of os_proposal_approvals an approval. The baseline's own signature is one; each case says something
 * else in it, or puts other rows and columns in its place.
 */

const SQL = text(PROBE);

let db: TestDatabase;

beforeAll(async () => {
  db = await database("signed");
  await db.query(`SET one_roof.ratified_apr = '${RATIFIED}'`);
});

/** The reading `ospa_valid` once `sql` has run, which is taken back. */
async function judged(sql: string): Promise<unknown> {
  await db.query(`BEGIN; SET LOCAL search_path = public; ${sql}`);
  try {
    return Object.fromEntries(await db.rows(SQL)).ospa_valid;
  } finally {
    await db.query("ROLLBACK");
  }
}

test.each(cases`
  the baseline's signature | SELECT
  another word for it | UPDATE os_proposal_approvals SET status = ' Published ', decision = NULL
  a signature that nobody has decided on beyond its status | UPDATE os_proposal_approvals SET decision = NULL, request_code = NULL, proposal_code = NULL
  an expiry to come | UPDATE os_proposal_approvals SET expires_at = now() + interval '1 hour'
  an expiry at the end of today | ALTER TABLE os_proposal_approvals ALTER expires_at TYPE date USING current_date
  an expiry that never comes | UPDATE os_proposal_approvals SET expires_at = 'infinity'
  a proposal that goes by a key of the application's | UPDATE os_proposal_approvals SET proposal_code = '5a1e0000-0000-4000-8000-0000000000aa'
  a request that goes by its id | ALTER TABLE os_proposal_approvals RENAME request_code TO request; UPDATE os_proposal_approvals SET request = (SELECT id FROM approval_requests WHERE code = 'APR-0211')
  a right one among wrong ones | INSERT INTO os_proposal_approvals (status) VALUES ('rejected'), ('draft')
  a table with the four certain columns | ALTER TABLE os_proposal_approvals DROP sort, DROP user_updated, DROP date_updated, DROP proposal_code, DROP proposal_title, DROP request_code, DROP decision, DROP rationale, DROP signer_name, DROP signer_role, DROP signed_at, DROP signature_method, DROP signature_digest, DROP document_url, DROP expires_at
  a withdrawal that did not happen | ALTER TABLE os_proposal_approvals ADD COLUMN withdrawn_at timestamptz, ADD is_revoked boolean DEFAULT false
  a column that is called as the query calls its rows | ALTER TABLE os_proposal_approvals ADD COLUMN signed text DEFAULT 'no'
`)("%s is approved", async (_, sql) => {
  expect(await judged(sql)).toBe("approved");
});

test.each(cases`
  no row | DELETE FROM os_proposal_approvals | no approval
  a rejected one | UPDATE os_proposal_approvals SET status = 'rejected' | rejected 1
  a draft | UPDATE os_proposal_approvals SET status = 'draft' | draft 1
  an archived one | UPDATE os_proposal_approvals SET status = 'Archived' | archived 1
  a word that nobody knows | UPDATE os_proposal_approvals SET status = 'perhaps' | perhaps 1
  an empty status | UPDATE os_proposal_approvals SET status = '' | without status
  one that was decided against | UPDATE os_proposal_approvals SET decision = 'declined' | declined 1
  one that expired | UPDATE os_proposal_approvals SET expires_at = '2026-01-01 12:00+00' | expired 2026-01-01T12:00:00+00:00
  one that expired, under another name and as a text | ALTER TABLE os_proposal_approvals ADD COLUMN valid_until text DEFAULT '2025-12-31 10:00' | expired 2025-12-31 10:00
  one that expired yesterday | ALTER TABLE os_proposal_approvals ALTER expires_at TYPE date USING '2026-01-01' | expired 2026-01-01
  one that expires nobody knows when | ALTER TABLE os_proposal_approvals ADD COLUMN valid_until text DEFAULT 'soon' | valid_until is no date: soon
  one that is not yet in force | ALTER TABLE os_proposal_approvals ADD COLUMN valid_from date DEFAULT '2999-01-01' | valid only from 2999-01-01
  one of another request | UPDATE os_proposal_approvals SET request_code = 'APR-0001' | for another request APR-0001
  one of another proposal | UPDATE os_proposal_approvals SET proposal_code = 'SECOND-ROOF' | for another proposal SECOND-ROOF
  one that was withdrawn | ALTER TABLE os_proposal_approvals ADD COLUMN withdrawn_at timestamptz DEFAULT '2026-06-01' | withdrawn 1
  one with a box that was not ticked | ALTER TABLE os_proposal_approvals ADD COLUMN approved boolean DEFAULT false | not approved
  two things against one | UPDATE os_proposal_approvals SET status = 'draft', request_code = 'APR-0001' | draft and for another request APR-0001
  two of which each lacks something else | INSERT INTO os_proposal_approvals (status) VALUES ('draft'), ('draft'); UPDATE os_proposal_approvals SET decision = 'rejected' WHERE decision IS NOT NULL | draft 2, rejected 1
`)("%s is not: it is told why", async (_, sql, told) => {
  expect(await judged(sql)).toBe(told);
});

test("it is unknown where the table may not be read", async () => {
  expect(await judged("ALTER TABLE os_proposal_approvals RENAME TO elsewhere")).toBeNull();
});

test.each(["", "APR-9999", "APR-0210"])(
  "where the request named is %p, which is not ratified, it is not compared",
  async (code) => {
    expect(
      await judged(
        `SET LOCAL one_roof.ratified_apr = '${code}'; UPDATE os_proposal_approvals SET request_code = 'APR-0001'`,
      ),
    ).toBe("approved");
  },
);

test.each([0, 1] as const)("Tier %i refuses an approval of another request by this gate alone", async (tier) => {
  await withDatabase("signed", async (own) => {
    await own.query(`UPDATE os_proposal_approvals SET request_code = 'APR-0001'`);
    expect(await refusal(own, tierFile(tier))).toEqual(refusedAt("ospa_valid"));
  });
});
