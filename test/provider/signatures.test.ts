/** Who had signed can be shown when the row is gone: the ledger keeps it under its hash, the evidence after the ledger. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { readLedger } from "../../provider/ledger/ledger";
import { rollout } from "../../tiers";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase, withDatabase } from "../support/database/database";
import { SIGNATURES, text } from "../support/database/files";
import { providerSession } from "../support/database/session";
import { LEDGER, RECHAIN } from "../support/faults/rewrite";
import { withoutOwnFiles } from "../support/pulumi/outcome";
import { programOn } from "../support/pulumi/program";

const ID = "5a1e0000-0000-4000-8000-000000000001";

/** What the query says now, as the ledger keeps it. */
async function signed(db: TestDatabase) {
  const rows = await db.rows(text(SIGNATURES));
  await db.query("RESET search_path; RESET timezone");
  return rows.map(([source, key, signer, decision, signedAt, digest]) => ({
    source,
    key,
    signer,
    decision,
    signedAt,
    digest,
  }));
}

const ledgerOf = async (db: TestDatabase) => readLedger(await providerSession(db.url), rollout);

test("each tier keeps who had signed when it was applied; the evidence has it when row and ledger are gone", async () => {
  await withDatabase("signed", async (db) => {
    const run = programOn(db);
    const first = await signed(db);
    expect(first).toMatchObject([{ key: ID, decision: "approved" }]);
    const states = await run.up(2);
    await db.query(
      `INSERT INTO os_proposal_approvals (id, status, signer_name) VALUES ('${ID.replace(/1$/, "2")}', 'draft', 'Somebody')`,
    );
    const second = await signed(db);
    expect(second).toHaveLength(2);
    states.push(
      ...(await run.apply(
        (await run.plan(3)).inputs.slice(3).map((each) => ({ ...each, rolloutId: states[0].rolloutId })),
      )),
    );
    const ledger = await ledgerOf(db);
    expect([...ledger].map(([tier, { signatures }]) => [tier, signatures])).toEqual([
      [1, first],
      [2, first],
      [3, second],
    ]);
    expect(JSON.stringify(states)).not.toContain("The owner");

    await db.query("DELETE FROM os_proposal_approvals");
    for (const state of [...states].reverse()) await run.destroy(state);
    const evidence = JSON.parse(readFileSync(path.join(run.evidence, `${states[0].rolloutId}.json`), "utf8"));
    expect([1, 2, 3].map((tier) => evidence.tiers[tier].ledger.signatures)).toEqual([first, first, second]);
  });
});

test.each([
  ["another signer", `detail = jsonb_set(detail, '{signatures,0,signer}', '"Somebody"')`],
  ["nobody", "detail = jsonb_set(detail, '{signatures}', '[]')"],
  ["another release", `detail = jsonb_set(detail, '{release}', '"${"0".repeat(64)}"')`],
  ["nothing kept", "detail = detail - 'signatures'"],
])("a ledger that was rewritten to %s is refused", async (_, change) => {
  const db = await database("signed");
  const run = programOn(db);
  await run.up(1);
  await db.query(`UPDATE ${LEDGER} SET ${change} WHERE tier = 1`);
  await expect(run.plan(1)).rejects.toThrow(/The ledger was rewritten: .* row at position 1 .* does not chain/);
});

test("a ledger from before this was kept is read, verified, gone on with and rolled back", async () => {
  await withDatabase("signed", async (db) => {
    const run = programOn(db);
    const baseline = withoutOwnFiles(await catalogAndRows(db.url));
    const states = await run.up(2);
    await db.query(`UPDATE ${LEDGER} SET detail = detail - 'signatures' - 'release'; ${RECHAIN}`);
    const old = await ledgerOf(db);
    expect([...old.values()].map(({ signatures, release }) => [signatures, release])).toEqual([
      [null, null],
      [null, null],
    ]);
    const remembered = states.map((state) => ({ ...state, ledgerHash: old.get(state.tier)?.hash }));

    const { run: verdict, inputs, tiers } = await run.plan();
    expect([verdict.verdict, tiers.flatMap(({ drift }) => drift)]).toEqual(["PASS", []]);
    for (const state of remembered) expect(await run.read(state)).toMatchObject({ props: { tier: state.tier } });
    const later = await run.apply(inputs.slice(3).map((each) => ({ ...each, rolloutId: states[0].rolloutId })));
    const ledger = await ledgerOf(db);
    expect([...ledger].map(([tier, { signatures, release }]) => [tier, signatures?.length, release])).toEqual(
      [1, 2, 3, 4, 5, 6].map((tier) => (tier > 2 ? [tier, 1, verdict.release] : [tier, undefined, null])),
    );

    for (const state of [...remembered, ...later].reverse()) await run.destroy(state);
    expect(differences(baseline, withoutOwnFiles(await catalogAndRows(db.url)))).toEqual([]);
  });
});
