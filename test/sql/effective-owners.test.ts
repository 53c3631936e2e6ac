import { withDatabase } from "../support/database/database";
import { tierFile } from "../support/database/files";
import { failedGates, refusal, refusedAt } from "../support/database/refusal";

/** The rows of GRP-AI superseded in these scopes, and another agency appointed under another approval. */
const APPOINTED = (scopes: string, agency = "GOV-MOT") => `
  UPDATE governance_object_ownership SET lifecycle_status = 'superseded' WHERE object_ref = 'GRP-AI' AND ${scopes};
  INSERT INTO governance_object_ownership
    (object_type, object_ref, scope, owner_kind, owner_gov_code, is_inherited_anchor, approval_ref, created_by)
  SELECT 'group', 'GRP-AI', scope_code, 'accountable', '${agency}', true, 'APR-0300', 'council'
  FROM governance_responsibility_scope WHERE ${scopes.replace("scope ", "scope_code ")}`;

const OWNER = `SELECT owner_gov_code, approval_ref FROM axis_object_ownership WHERE object_ref = 'agents' AND axis_code = `;

test("Tiers 4 and 5 take the agency that is accountable now, and its approval", async () => {
  await withDatabase("tier-3", async (db) => {
    await db.query(APPOINTED("true"));
    for (const tier of [4, 5]) expect((await db.file(tierFile(tier))).code).toBe(0);
    expect(await db.rows(`${OWNER} 'containment'`)).toEqual([["GOV-MOT", "APR-0300"]]);
    expect(await db.rows(`${OWNER} 'topic'`)).toEqual([["GOV-MOT", "APR-0300"]]);
  });
});

test.each([
  ["another agency for one scope", "GOV-MOT"],
  ["the same agency under another approval", "GOV-DOT"],
])("more than one owner in effect is a named gate: %s", async (_, agency) => {
  await withDatabase("tier-3", async (db) => {
    await db.query(APPOINTED("scope = 'audit'", agency));
    expect(await refusal(db, tierFile(4))).toEqual(refusedAt("group_owners_ambiguous"));
    const { stderr } = await db.file(tierFile(4));
    expect(stderr).toContain(`GRP-AI GOV-DOT by APR-0211, ${agency} by APR-0300`);
    expect(stderr).toMatch(/HINT: .*one agency, under one approval/);
  });
});

test("between Tiers 4 and 5, too", async () => {
  await withDatabase("tier-4", async (db) => {
    await db.query(APPOINTED("scope = 'audit'"));
    expect(failedGates((await db.file(tierFile(5))).stderr)).toEqual(["group_owners_ambiguous"]);
  });
});
