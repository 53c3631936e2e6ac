import { describeStop } from "../../provider/model/describe";
import { create } from "../../provider/resource/create";
import type { TierInputs } from "../../provider/model/tier-inputs";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { OTHER_LABEL } from "../support/faults/faults";
import { heard, type Program, programOn } from "../support/pulumi/program";

let db: TestDatabase;

beforeAll(async () => {
  db = await database("signed");
  await db.query("CREATE ROLE only_reader LOGIN").catch(() => undefined);
  await db.query(
    "GRANT USAGE ON SCHEMA public TO only_reader; GRANT SELECT ON ALL TABLES IN SCHEMA public TO only_reader",
  );
  await db.query("GRANT pg_read_all_stats TO only_reader");
});

/** Nothing is applied from this plan, whatever the pack says. */
async function expectRefused(each: Program, inputs: TierInputs, why: RegExp): Promise<void> {
  const before = await catalogAndRows(db.url);
  await expect(each.create(inputs)).rejects.toThrow(why);
  expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
}

describe("a run that was not rehearsed because the configuration says so", () => {
  test("tells readings and the entry gates of its first tier, and nothing that was not measured", async () => {
    const rolled = programOn(db, { rehearse: "false" });
    const { run: verdict, tiers, readings } = await rolled.plan();

    expect(verdict).toMatchObject({ verdict: "NOT REHEARSED", applies: [0, 1, 2, 3, 4, 5, 6, 8], reversible: [] });
    expect(verdict.stops).toHaveLength(8);
    expect(verdict.stops.map(describeStop)[2]).toBe("tier 2 was not rehearsed");
    expect(verdict.gates[0]).toEqual({ entry: expect.objectContaining({ ownership_gap: 210 }) });
    expect(tiers.slice(1).map(({ report }) => report.gates)).toEqual(tiers.slice(1).map(() => ({})));
    expect(readings).toMatchObject({ ownership_gap: 210, axis_objects: 0 });
    expect(tiers.map(({ report }) => report.rollback)).toEqual(tiers.map(() => "not rehearsed"));
    expect(heard(rolled)).toMatch(/NOT REHEARSED: the configuration says rehearse: false\./);
  });

  test("is refused by create", async () => {
    const rolled = programOn(db, { rehearse: "false" });
    const { inputs } = await rolled.plan();
    for (const each of inputs.slice(0, 2)) {
      await expectRefused(
        rolled,
        each,
        new RegExp(`not applied[^]*not rehearsed[^]*acceptUnrehearsed ${each.run.release}$`),
      );
    }
  });

  test("is refused by create with a digest of another release", async () => {
    const rolled = programOn(db, { rehearse: "false", acceptUnrehearsed: "0".repeat(64) });
    const { inputs } = await rolled.plan();
    expect(inputs[0].run.acceptedUnrehearsed).toBe("0".repeat(64));
    await expectRefused(rolled, inputs[0], /not applied/);
  });

  test("is applied with the digest of exactly this release, and every gate and contract holds as ever", async () => {
    const own = await database("signed");
    const { run: verdict } = await programOn(own, { rehearse: "false" }).plan();
    const accepting = programOn(own, { rehearse: "false", acceptUnrehearsed: verdict.release });
    await own.query(OTHER_LABEL);
    await expect(accepting.up()).rejects.toThrow(/Tier 5 .*refused[^]*divergent/);

    expect(await own.value("SELECT max(tier) FROM one_roof_rollout.ledger")).toBe(4);
  });
});

describe("a login that may not write", () => {
  const asReader = () => db.url.replace("//postgres@", "//only_reader@");

  test.each([
    ["has no right to", asReader, /missing_rights: .*CREATE on schema public/],
    [
      "is set to read only",
      () => `${db.url}?options=-c%20default_transaction_read_only%3Don`,
      /server_writable: .*read only by default/,
    ],
  ])("because it %s gets readings, is told why, and cannot apply", async (_, url, why) => {
    const before = await catalogAndRows(db.url);
    const rolled = programOn(db, {}, { url: url() });
    const { run: verdict, inputs, readings } = await rolled.plan();

    expect(verdict.verdict).toBe("NOT REHEARSED");
    expect(describeStop(verdict.stops[0])).toBe("tier 0 was not rehearsed");
    expect(readings).toMatchObject({ ownership_gap: 210, ratified_request: "approved", idle_in_transaction: 0 });
    const said = heard(rolled);
    expect(said).toMatch(/NOT REHEARSED: this login may not write \(tier 0 /);
    expect(said).toMatch(why);
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
    await expectRefused(rolled, inputs[0], /not applied/);
  });

  test("that may not see a table gets no reading of it, and the gate does not pass", async () => {
    await db.query("REVOKE SELECT ON os_proposal_approvals FROM only_reader");
    const { run: verdict, readings } = await programOn(db, {}, { url: asReader() }).plan();
    await db.query("GRANT SELECT ON os_proposal_approvals TO only_reader");

    expect(readings.ospa).toBeNull();
    expect(verdict.verdict).not.toBe("PASS");
    expect(verdict.gates[0].entry).toMatchObject({ ospa: null });
  });
});

test("create takes no plan for a pass that says nothing else", async () => {
  const { inputs } = await programOn(db).plan();
  const [first] = inputs;
  for (const verdict of ["STOP", "NOT REHEARSED", "", undefined]) {
    const forged = { ...first, run: { ...first.run, verdict, acceptedUnrehearsed: "" } } as TierInputs;
    await expect(create(forged)).rejects.toThrow(/not applied, because the run did not pass its rehearsal/);
  }
});
