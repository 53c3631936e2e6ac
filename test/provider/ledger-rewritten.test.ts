/** What the owner of the ledger, or a superuser, may do to its rows: nothing of it passes, and nothing is run. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { ROW_HASH } from "../../provider/ledger/chain";
import { NOTHING } from "../../provider/ledger/fingerprint";
import { readLedger } from "../../provider/ledger/ledger";
import { describeStop } from "../../provider/model/describe";
import type { TierInputs, TierState } from "../../provider/model/tier-inputs";
import { diff } from "../../provider/resource/diff";
import { rollout } from "../../tiers";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase, withDatabase } from "../support/database/database";
import { rollbackFile } from "../support/database/files";
import { providerSession } from "../support/database/session";
import { forged, LEDGER, RECHAIN } from "../support/faults/rewrite";
import { stateOf } from "../support/pulumi/applied";
import { heard, type Program, programOn } from "../support/pulumi/program";

const COPY_TO_PROGRAM = `UPDATE ${LEDGER} SET rollback_sql = replace(rollback_sql, E'\\nCOMMIT;',
  E'\\nCOPY (SELECT 1) TO PROGRAM ''touch /nowhere/at/all'';\\nCOMMIT;') WHERE tier = 3`;

let db: TestDatabase;
let run: Program;
let states: TierState[];

beforeAll(async () => {
  db = await database("signed");
  run = programOn(db);
  states = await run.up(5);
  await db.query(`CREATE SCHEMA kept; CREATE TABLE kept.ledger AS SELECT * FROM ${LEDGER}`);
});

afterEach(() => db.query(`TRUNCATE ${LEDGER}; INSERT INTO ${LEDGER} SELECT * FROM kept.ledger`));

const state = (tier: number) => stateOf(states, tier);

const refusalOf = (work: Promise<unknown>): Promise<string> => work.then(() => "nothing", String);

/** What a preview or an `up` of the tiers that are applied says as it refuses. */
async function previewed(through = 5): Promise<string> {
  try {
    const { inputs, run: verdict } = await run.plan(through);
    const stops = verdict.stops.map(describeStop);
    if (stops.length) return stops.join("\n");
    for (const each of inputs) if (stateOf(states, each.tier)) diff("", state(each.tier), each);
    return "nothing";
  } catch (error) {
    return String(error);
  }
}

/** What every way says on which the provider meets the ledger: preview and up, refresh, destroy with its rehearsal. */
async function said(tier: number): Promise<Record<string, string>> {
  const before = await catalogAndRows(db.url);
  const refusals = {
    preview: await previewed(),
    refresh: await run.read(state(tier)).then(({ id }) => (id ? "nothing" : "gone"), String),
    destroy: await refusalOf(run.destroy(state(tier))),
  };
  expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  return refusals;
}

test("untouched it passes everywhere, and a second up shows no change", async () => {
  expect(await previewed()).toBe("nothing");
  const { inputs } = await run.plan(5);
  const changed = inputs.filter((each) => diff("", state(each.tier), each).changes);
  expect(changed.map(({ tier }) => tier)).toEqual([]);
  expect((await run.read(state(3))).id).not.toBe("gone");
  const hashes = await db.rows(`SELECT tier, hash FROM ${LEDGER} ORDER BY tier`);
  expect(states.flatMap(({ tier, ledgerHash }) => (ledgerHash ? [[tier, ledgerHash]] : []))).toEqual(hashes);
});

test.each<[attack: string, sql: string, tier: number, position: number]>([
  ["who applied it", `UPDATE ${LEDGER} SET applied_by = 'somebody' WHERE tier = 2`, 2, 2],
  ["when it was applied", `UPDATE ${LEDGER} SET applied_at = applied_at + '1 microsecond' WHERE tier = 1`, 1, 1],
  ["its report", `UPDATE ${LEDGER} SET report = jsonb_set(report, '{verdict}', '"STOP"') WHERE tier = 3`, 3, 3],
  ["its rollback, to run a program", COPY_TO_PROGRAM, 3, 3],
  ["what was there at its exit", `UPDATE ${LEDGER} SET exit = entry, detail = '{}' WHERE tier = 5`, 5, 5],
  ["a row in the middle, deleted", `DELETE FROM ${LEDGER} WHERE tier = 2`, 3, 3],
  ["the first row, deleted", `DELETE FROM ${LEDGER} WHERE position = 1`, 2, 2],
  [
    "two rows, swapped",
    `UPDATE ${LEDGER} SET position = -position WHERE position IN (2, 3); UPDATE ${LEDGER} SET position = 5 + position WHERE position < 0`,
    2,
    2,
  ],
  ["an applied row without its hash", forged(5, { tier: "6" }), 5, 6],
  ["a hash alone", `UPDATE ${LEDGER} SET hash = repeat('0', 64) WHERE position = 5`, 5, 5],
])("%s: refused by the position that does not chain", async (_, sql, tier, position) => {
  await db.query(sql);
  const refusals = await said(tier);
  const expected = new RegExp(
    `The ledger was rewritten: in one_roof_rollout\\.ledger the row at position ${position} .*does not chain[^]*nothing was changed`,
  );
  for (const refusal of Object.values(refusals)) expect(refusal).toMatch(expected);
});

describe("hashed anew, it is refused by what the state remembers", () => {
  test.each<[attack: string, sql: string, tier: number]>([
    ["who applied it", `UPDATE ${LEDGER} SET applied_by = 'somebody' WHERE tier = 2`, 2],
    ["its report", `UPDATE ${LEDGER} SET report = jsonb_set(report, '{verdict}', '"STOP"') WHERE tier = 3`, 3],
    ["its rollback, to run a program", COPY_TO_PROGRAM, 3],
    [
      "when the first was applied, seen on a later tier too",
      `UPDATE ${LEDGER} SET applied_at = now() WHERE tier = 1`,
      5,
    ],
  ])("%s", async (_, sql, tier) => {
    await db.query(`${sql}; ${RECHAIN}`);
    const refusals = await said(tier);
    expect(refusals.preview).toMatch(/The ledger was rewritten: this stack's state remembers the row of tier \d/);
    for (const refusal of [refusals.refresh, refusals.destroy]) {
      expect(refusal).toContain(
        `The ledger was rewritten: this stack's state remembers the row of tier ${tier} (${state(tier).title}) by the hash ${state(tier).ledgerHash}`,
      );
      expect(refusal).toMatch(/nothing was changed\..* ROLLOUT_ACCEPT=[0-9a-f]{16}/);
    }
  });

  test("and taken where exactly that row is accepted; then up learns its hash", async () => {
    await db.query(`UPDATE ${LEDGER} SET applied_by = 'somebody' WHERE tier = 5; ${RECHAIN}`);
    const { inputs } = await run.plan(5);
    const five = inputs.find(({ tier }) => tier === 5)!;
    expect(() => diff("", state(5), five)).toThrow(/ROLLOUT_ACCEPT/);
    process.env.ROLLOUT_ACCEPT = /ROLLOUT_ACCEPT=(\w+)/.exec(await refusalOf(run.read(state(5))))?.[1];
    try {
      expect(diff("", state(5), five).changes).toBe(true);
      const learnt = await run.create({ ...five, rolloutId: state(5).rolloutId });
      expect(learnt.ledgerHash).toBe(five.status.ledgerHash);
      expect(learnt.ledgerHash).not.toBe(state(5).ledgerHash);
    } finally {
      delete process.env.ROLLOUT_ACCEPT;
    }
  });

  test("a state that was made before it remembered any is taken as it is", async () => {
    await db.query(`UPDATE ${LEDGER} SET applied_by = 'somebody' WHERE tier = 5; ${RECHAIN}`);
    const former = { ...state(5), ledgerHash: undefined };
    const { inputs } = await run.plan(5);
    expect(
      diff(
        "",
        former,
        inputs.find(({ tier }) => tier === 5)!,
      ).changes,
    ).toBe(false);
    expect((await run.read(former)).props).toBe(former);
  });
});

describe("rows taken away or added at the end, hashed as they should be", () => {
  test("the last row, deleted: the tier is there all the same", async () => {
    await db.query(`DELETE FROM ${LEDGER} WHERE tier = 5`);
    for (const refusal of Object.values(await said(5))) {
      expect(refusal).toMatch(
        /Tier 5 \(.*\) is not in the ledger[^]*there is still: [^]*own rows in public\.axis_value[^]*Nothing was changed/,
      );
    }
  });

  test("a tier called rolled back that is there", async () => {
    await db.query(`${forged(5, { action: "'rolled back'" })}; ${RECHAIN}`);
    for (const refusal of Object.values(await said(5)))
      expect(refusal).toMatch(/Tier 5 .* is not in the ledger[^]*there is still/);
  });

  test("a tier applied twice", async () => {
    await db.query(`${forged(3, { rollback_sql: "'BEGIN; COMMIT;'" })}; ${RECHAIN}`);
    for (const refusal of Object.values(await said(3))) {
      expect(refusal).toMatch(
        /The ledger was rewritten: .* position 6 \(tier 3, applied\) cannot follow, because by then it was applied/,
      );
    }
  });

  test("a tier rolled back that was not applied", async () => {
    await db.query(`${forged(3, { tier: "6", action: "'rolled back'" })}; ${RECHAIN}`);
    expect(await previewed()).toMatch(
      /position 6 \(tier 6, rolled back\) cannot follow, because by then it was not applied/,
    );
  });

  test("a tier called applied that is not there, with what another one left", async () => {
    await db.query(`${forged(5, { tier: "6" })}; ${RECHAIN}`);
    expect(await previewed(6)).toMatch(/tier 6 .*drift/);
  });

  /** Calls a tier applied by a row that fits what is there: nothing. */
  async function callApplied(own: TestDatabase, rolled: Program, tier: number): Promise<TierInputs> {
    const { digest } = (await rolled.plan(tier)).inputs.find((each) => each.tier === tier)!;
    const nothing = `'${JSON.stringify(NOTHING)}'`;
    const detail = `'${JSON.stringify({ rows: {}, definitions: {} })}'`;
    const values = { tier: `${tier}`, digest: `'${digest}'`, entry: nothing, exit: nothing, detail };
    await own.query(`${forged(2, values)}; ${RECHAIN}`);
    const { inputs, run: verdict } = await rolled.plan(tier);
    expect(verdict.verdict).toBe("STOP");
    expect(verdict.stops.map(describeStop).join("\n")).toContain("the ledger calls it applied");
    const forgedInputs = inputs.find((each) => each.tier === tier)!;
    return { ...forgedInputs, rolloutId: forgedInputs.status.rolloutId, run: { ...verdict, verdict: "PASS" } };
  }

  test("a tier of scan results called applied by a row that fits what is there", async () => {
    const six = await callApplied(db, run, 6);
    await expect(run.create(six)).rejects.toThrow(/cannot be adopted[^]*but nothing of it is there/);
  });

  test("a tier of seed rows called applied by a row that fits what is there", () =>
    withDatabase("signed", async (own) => {
      const rolled = programOn(own);
      await rolled.up(2);
      const three = await callApplied(own, rolled, 3);
      await expect(rolled.create(three)).rejects.toThrow(
        /cannot be adopted[^]*applied with 0 own rows in public\.governance_object_ownership, which is not what it declares/,
      );
    }));
});

test("psql appends what the provider reads, whatever time zone it has, and a row more than once", async () => {
  await withDatabase("signed", async (own) => {
    const rolled = programOn(own);
    const made = await rolled.up(3);
    const settings = { timezone: "Asia/Kathmandu", datestyle: "German", intervalstyle: "sql_standard" };
    expect((await own.file(rollbackFile(3), settings)).code).toBe(0);
    expect((await own.file(rollbackFile(3), settings)).code).toBe(0);
    expect(await own.rows(`SELECT position, tier, action FROM ${LEDGER} ORDER BY 1`)).toEqual([
      [1, 1, "applied"],
      [2, 2, "applied"],
      [3, 3, "applied"],
      [4, 3, "rolled back"],
    ]);
    const { inputs } = await rolled.plan(3);
    const three = inputs.find(({ tier }) => tier === 3)!;
    expect(diff("", stateOf(made, 3), three).changes).toBe(true);

    // Killed after COMMIT: the state still has the row of the first time, which the log knows.
    await rolled.create({ ...three, rolloutId: made[0].rolloutId });
    const again = (await rolled.plan(3)).inputs.find(({ tier }) => tier === 3)!;
    expect(again.status.earlierHashes).toEqual([stateOf(made, 3).ledgerHash]);
    expect(diff("", stateOf(made, 3), again).changes).toBe(true);
    const elsewhere = await providerSession(own.url, { timezone: "America/Caracas", datestyle: "SQL, DMY" });
    expect([...(await readLedger(elsewhere, rollout)).keys()]).toEqual([1, 2, 3]);

    await rolled.destroy(stateOf(made, 3));
    expect(await own.value(`SELECT string_agg(action, ', ' ORDER BY position) FROM ${LEDGER} WHERE tier = 3`)).toBe(
      "applied, rolled back, applied, rolled back",
    );
    const evidence = readFileSync(path.join(rolled.evidence, `${made[0].rolloutId}.json`), "utf8");
    expect(JSON.parse(evidence).tiers[3].ledger.hash).toBe(again.status.ledgerHash);
    expect(heard(rolled)).toContain("Tier 3 (Ownership seed) rolled back and proven");
  });
});

test("a state that a kill left behind goes on with a ledger that was made anew, as the evidence says", () =>
  withDatabase("signed", async (own) => {
    const rolled = programOn(own);
    const made = await rolled.up(1);
    const one = stateOf(made, 1);
    await rolled.destroy(one);
    expect(await own.value("SELECT to_regnamespace('one_roof_rollout')")).toBeNull();

    const { inputs } = await rolled.plan(1);
    await rolled.create({ ...inputs.find(({ tier }) => tier === 1)!, rolloutId: one.rolloutId });
    const again = (each: Program) => each.plan(1).then((plan) => plan.inputs.find(({ tier }) => tier === 1)!);
    expect(diff("", one, await again(rolled)).changes).toBe(true);
    expect((await rolled.read(one)).props).toBe(one);
    const withoutEvidence = programOn(own);
    const unknown = await again(withoutEvidence);
    expect(() => diff("", one, unknown)).toThrow("The ledger was rewritten");
    await expect(withoutEvidence.destroy(one)).rejects.toThrow("The ledger was rewritten");
    await rolled.destroy(one);
  }));

test("the hash in the file for psql is the provider's own", () => {
  const plain = (text: string) => text.replace(/\s+/g, " ");
  expect(plain(readFileSync("sql/common/forget_tier.sql", "utf8"))).toContain(plain(ROW_HASH));
});
