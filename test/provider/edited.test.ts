import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { TierState } from "../../provider/model/tier-inputs";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, RATIFIED, type TestDatabase } from "../support/database/database";
import { GATES_AT } from "../support/database/files";
import { stateOf } from "../support/pulumi/applied";
import { heard, type Program, programOn } from "../support/pulumi/program";
import { type Edit, withProject } from "../support/pulumi/project";

const FILE = "sql/prod/30_ownership_seed.sql";
const BACK = "sql/prod_rollback/30_ownership_seed.sql";

/** A colleague's word on the applied file, which changes nothing that it does. */
const REMARK: Edit = { file: FILE, find: GATES_AT.exit, replace: `\n-- Reviewed again.${GATES_AT.exit}` };

let db: TestDatabase;
let states: TierState[];

beforeAll(async () => {
  db = await database("signed");
  states = await run().up(3);
});

const run = (root?: string, options: Record<string, string> = {}): Program => programOn(db, options, { root });

/** The hook in a process of its own, as it is in every run: it remembers which tiers its run was about. */
function ownCheck(): typeof import("../../provider/resource/check").check {
  let own: typeof import("../../provider/resource/check") | undefined;
  jest.isolateModules(() => (own = require("../../provider/resource/check")));
  return own!.check;
}

/** What check says of every tier, as Pulumi would ask it. */
async function checked(each: Program, through = 3): Promise<Record<number, string>> {
  const { inputs } = await each.plan(through);
  const check = ownCheck();
  const reasons = inputs.map((news) => {
    const { failures } = check(stateOf(states, news.tier) ?? {}, news);
    return [news.tier, failures.map(({ reason }) => reason).join("\n")] as const;
  });
  return Object.fromEntries(reasons.filter(([, reason]) => reason));
}

test("what was applied passes, also from a checkout with other line ends", async () => {
  expect(await checked(run())).toEqual({});
  await withProject([], async (folder) => {
    const file = path.join(folder, FILE);
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("\n", "\r\n"));
    expect(await checked(run(folder))).toEqual({});
  });
});

test.each<[what: string, edit: Edit, diff: RegExp]>([
  [
    "a comment in its file",
    REMARK,
    /^--- applied\n\+\+\+ sql\/prod\/30_ownership_seed\.sql\n@@ .* @@\n.*\n\+-- Reviewed again\.$/m,
  ],
  ["a value that it seeds", { file: FILE, find: "COMMIT;", replace: "SELECT 1;\nCOMMIT;" }, /^\+SELECT 1;$/m],
  [
    "its rollback",
    { file: BACK, find: "COMMIT;", replace: "SELECT 1;\nCOMMIT;" },
    /^--- recorded\n\+\+\+ sql\/prod_rollback\/30_ownership_seed\.sql\n[^]*^\+SELECT 1;$/m,
  ],
])("%s edited after it was applied is refused with the lines that differ", async (_, edit, diff) => {
  await withProject([edit], async (folder) => {
    const before = await catalogAndRows(db.url);
    const reasons = await checked(run(folder), 8);

    expect(Object.keys(reasons)).toEqual(["3"]);
    expect(reasons[3]).toMatch(/^tier 3 is applied from digest [0-9a-f]{12}, but its files are now [0-9a-f]{12}\./);
    expect(reasons[3]).toMatch(/append a tier that carries the change.*roll back first \(.*throughTier 2; .*up\)/);
    expect(reasons[3]).toMatch(diff);
    expect(reasons[3].split("\n").length).toBeLessThan(12);
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  });
});

test("a parameter that was another is refused with both values", async () => {
  await db.query("UPDATE approval_requests SET status = 'approved' WHERE code = 'APR-0210'");
  const reasons = await checked(run(undefined, { ratifiedApr: "APR-0210" }));

  expect(Object.keys(reasons)).toEqual(["3"]);
  expect(reasons[3]).toContain(`parameter ratifiedApr: was ${RATIFIED}, is APR-0210`);
});

test("nor is it adopted where the state has lost it: create refuses with both digests", async () => {
  await withProject([REMARK], async (folder) => {
    const edited = run(folder);
    const { inputs } = await edited.plan(3);
    const three = { ...stateOf(inputs as TierState[], 3), rolloutId: states[0].rolloutId };
    await expect(edited.create(three)).rejects.toThrow(
      /cannot be adopted, because it is not the same:\n {2}- it was applied from digest [0-9a-f]{64}, the files are now [0-9a-f]{64}\n/,
    );
  });
});

test("a tier that is not applied yet may be edited", async () => {
  const edit = { file: "sql/prod/40_containment.sql", find: GATES_AT.exit, replace: `\n-- Reviewed.${GATES_AT.exit}` };
  await withProject([edit], async (folder) => expect(await checked(run(folder), 8)).toEqual({}));
});

test("the way back works: down with the rollback that was recorded, by its hash, then up with the edited file", async () => {
  const broken = { file: BACK, find: "\nBEGIN;", replace: "\nBEGIN;\nSELECT nothing_of_that_name;" };
  await withProject([REMARK, broken], async (folder) => {
    const edited = run(folder);
    await expect(edited.plan(2)).rejects.toThrow(/^-SELECT nothing_of_that_name;$/m);
    process.env.ROLLOUT_ACCEPT = /ROLLOUT_ACCEPT=(\w+)/.exec(heard(edited))?.[1];
    expect((await edited.plan(2)).run).toMatchObject({ verdict: "PASS", removes: [3] });
    await edited.destroy(stateOf(states, 3));
    delete process.env.ROLLOUT_ACCEPT;

    const said = heard(edited);
    expect(said).toMatch(/Tier 3: the rollback recorded when it was applied is used, as accepted/);
    expect(said).toMatch(/Tier 3 \(Ownership seed\) rolled back and proven: -30 governance_object_ownership/);
  });

  await withProject([REMARK], async (folder) => {
    const edited = run(folder);
    const { inputs, run: verdict } = await edited.plan(3);
    expect(verdict).toMatchObject({ verdict: "PASS", applies: [3] });
    const three = inputs.find(({ tier }) => tier === 3)!;
    const again = await edited.create({ ...three, rolloutId: states[0].rolloutId });
    states = states.map((state) => (state.tier === 3 ? again : state));

    expect(await checked(edited)).toEqual({});
    expect(Object.keys(await checked(run()))).toEqual(["3"]);
  });
});
