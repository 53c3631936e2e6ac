import { catalogAndRows, differences } from "../support/database/compare";
import { withDatabase } from "../support/database/database";
import { RUN_ALL } from "../support/database/files";
import { heard, programOn } from "../support/pulumi/program";
import { withoutOwnFiles } from "../support/pulumi/outcome";
import { lasting, sampleOf } from "../support/samples";

const BY_PSQL = { adopt: "psql" };

test("a rollout that was run by psql is taken over as it is, and rolled back to what was there before it", async () => {
  await withDatabase("signed", async (db) => {
    const baseline = withoutOwnFiles(await catalogAndRows(db.url));
    expect((await db.file(RUN_ALL)).code).toBe(0);
    const before = await catalogAndRows(db.url);
    const { run } = await programOn(db, BY_PSQL).plan();
    expect(run).toMatchObject({ verdict: "PASS", adopts: [1, 2, 3, 4, 5, 6], stops: [] });

    const taking = programOn(db, BY_PSQL);
    const states = await taking.up();
    const said = heard(taking)
      .split("\n")
      .filter((line) => line.startsWith("Tier "));
    expect([said.length, sampleOf("adopt-psql")]).toEqual([8, expect.stringContaining(lasting(said))]);
    const written = differences(before, await catalogAndRows(db.url));
    expect(written.filter((line) => !line.includes("one_roof_rollout"))).toEqual([]);
    const owner = programOn(db);
    expect((await owner.plan()).run).toMatchObject({ verdict: "PASS", applies: [] });
    for (const state of states.reverse()) await owner.destroy(state);
    expect(differences(baseline, withoutOwnFiles(await catalogAndRows(db.url)))).toEqual([]);
  });
});

test("it is not where what it seeded is no longer what was ratified", async () => {
  await withDatabase("tier-6", async (db) => {
    await db.query("UPDATE governance_object_ownership SET owner_gov_code = 'GOV-SIV' WHERE object_ref = 'GRP-AI'");
    const { run } = await programOn(db, BY_PSQL).plan();
    expect(run.verdict).toBe("STOP");
    expect(run.stops).toEqual([
      expect.objectContaining({ kind: "adoption", tier: 3, finding: expect.objectContaining({ name: "owners" }) }),
    ]);
  });
});

test("it is not with fewer rows than it declares, whatever the plan was made to say", async () => {
  await withDatabase("tier-6", async (db) => {
    await db.query("DELETE FROM topic_taxonomy_map WHERE topic_value = 'observability'");
    const adopting = programOn(db, BY_PSQL);
    const { run, inputs } = await adopting.plan();
    const finding = { is: "own rows", table: "public.topic_taxonomy_map", measured: 6 };
    expect(run).toMatchObject({ verdict: "STOP", stops: [{ kind: "adoption", tier: 5, finding }] });
    const forged = inputs.map((each) => ({ ...each, run: { ...each.run, verdict: "PASS" as const, stops: [] } }));
    await expect(adopting.apply(forged)).rejects.toThrow(
      /^Tier 5 .*refused, nothing was changed:\n {2}- cannot be adopted: tier 5 public\.topic_taxonomy_map holds 6 own rows/,
    );
    expect(await db.value("SELECT max(tier) FROM one_roof_rollout.ledger")).toBe(4);
  });
});
