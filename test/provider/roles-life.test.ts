/** The whole life of a rollout with the roles of a production database and nothing more. */
import type { TierState } from "../../provider/model/tier-inputs";
import { releaseDigest } from "../../provider";
import { catalogAndRows, differences } from "../support/database/compare";
import { RATIFIED, type TestDatabase } from "../support/database/database";
import { FULL_ROLLBACK, RUN_ALL, tierFile } from "../support/database/files";
import { databaseWithRoles, findings, ROLES } from "../support/database/roles";
import { heard, type Program, programOn } from "../support/pulumi/program";
import { withoutOwnFiles } from "../support/pulumi/outcome";
import { declareAccess } from "../../access/declaration";

const as = (db: TestDatabase, user: string) => db.url.replace("//postgres@", `//${user}@`);

let db: TestDatabase;
let release: string;
let rollout: Program;

beforeAll(async () => {
  db = await databaseWithRoles();
  release = await releaseDigest(process.cwd());
  rollout = programOn(
    db,
    { access: "required" },
    { url: as(db, ROLES.login), access: (readers) => declareAccess({ readers }) },
  );
});

const approve = async (digest = release, request = RATIFIED) => {
  const approver = await db.connect();
  await approver.query(`SET ROLE ${ROLES.approver}`);
  await approver.query(`SELECT ${ROLES.access}.withdraw()`);
  await approver.query(`SELECT ${ROLES.access}.approve($1, $2, '1 hour')`, [digest, request]);
};

/** Who is a member of owner or executor now. */
const members = () =>
  db.rows(`SELECT DISTINCT member::regrole::text FROM pg_auth_members
           WHERE roleid IN ('${ROLES.owner}'::regrole, '${ROLES.executor}'::regrole) AND member <> '${ROLES.access}'::regrole`);

test("without an approval nothing is rehearsed and nothing applied, by provider and by psql", async () => {
  const { run, inputs } = await rollout.plan();
  expect(run.verdict).not.toBe("PASS");
  expect(heard(rollout)).toMatch(
    /NOT REHEARSED: no approval is in force on .* Have an approver run SELECT one_roof_access\.approve/,
  );
  await expect(rollout.create(inputs[0])).rejects.toThrow(/not applied|no approval is in force/);
  const before = await catalogAndRows(db.url);
  for (const file of [tierFile(1), tierFile(3), RUN_ALL, FULL_ROLLBACK]) {
    const { code, stderr } = await db.psql([
      "-d",
      as(db, ROLES.login),
      "-v",
      "ON_ERROR_STOP=1",
      "-v",
      `ratified_apr=${RATIFIED}`,
      "-f",
      file,
    ]);
    expect([file, code]).toEqual([file, 3]);
    expect(stderr).toMatch(/permission denied|not measured|measured NULL/);
  }
  expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
});

test("who only looks is not told that the server is read-only, because its own role is", async () => {
  const monitor = programOn(db, { access: "required" }, { url: as(db, ROLES.monitor) });
  const { run } = await monitor.plan();
  expect(run.gates[0]?.entry).toMatchObject({ server_writable: "yes", ownership_gap: 210 });
});

test.each([
  [
    "another release",
    () => approve("b".repeat(64)),
    /expected an approval of release .* found that the approval in force is of release b{64}/,
  ],
  [
    "another request",
    () => approve(release, "APR-0001"),
    /found that the approval in force is of release [0-9a-f]{64} under APR-0001/,
  ],
])("an approval of %s lets nothing through", async (_, act, said) => {
  await act();
  const { run, inputs } = await rollout.plan();
  expect(run).toMatchObject({ verdict: "STOP", stops: [{ kind: "access" }] });
  await expect(rollout.create(inputs[0])).rejects.toThrow(said);
});

test("an approval that another one has replaced since the run was judged lets nothing through", async () => {
  await approve();
  const { run, inputs } = await rollout.plan();
  expect(run.verdict).toBe("PASS");
  const [first] = await rollout.apply(inputs.slice(0, 1));
  await approve("b".repeat(64));
  await expect(rollout.create({ ...inputs[1], rolloutId: first.rolloutId })).rejects.toThrow(
    /^Refused, nothing was changed:\n.*expected an approval of release .* found that the approval in force is of release b{64}/,
  );
});

describe("under an approval of this release", () => {
  let baseline: Awaited<ReturnType<typeof catalogAndRows>>;
  let states: TierState[];

  beforeAll(async () => {
    baseline = withoutOwnFiles(await catalogAndRows(db.url));
    await approve();
  });

  test("everything is applied as the executor, and belongs to the owner; the audit finds all as declared", async () => {
    const { inputs, run } = await rollout.plan();
    expect(run).toMatchObject({ verdict: "PASS", stops: [] });
    states = await rollout.apply(inputs);
    const owners = `SELECT DISTINCT relowner::regrole::text FROM pg_class
      WHERE relnamespace IN ('public'::regnamespace, 'one_roof_rollout'::regnamespace) AND relowner <> 'postgres'::regrole`;
    expect(await db.rows(owners)).toEqual([[ROLES.owner]]);
    expect(await findings(db)).toEqual([]);
    const approval = `SELECT id::text, approved_by, format('release %s under %s', release, request) FROM ${ROLES.access}.approval ORDER BY id DESC LIMIT 1`;
    const [[key, signer, decision]] = await db.rows(approval);
    const kept = await db.rows("SELECT tier, detail -> 'signatures' -> 1 FROM one_roof_rollout.ledger ORDER BY tier");
    const source = `${ROLES.access}.approval`;
    const [digest, signedAt] = [expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^\d{4}-.*\+00:00$/)];
    expect(kept).toEqual([1, 2, 3, 4, 5, 6].map((tier) => [tier, { source, key, signer, decision, signedAt, digest }]));
  });

  test("with its last tier the login has given its right back: it can do nothing", async () => {
    expect(await members()).toEqual([]);
    const login = await db.connect(ROLES.login);
    for (const sql of [
      `SET ROLE ${ROLES.executor}`,
      `SET ROLE ${ROLES.owner}`,
      "DELETE FROM public.governance_object_ownership",
    ]) {
      await expect(login.query(sql)).rejects.toThrow(/permission denied/);
    }
    await expect(rollout.destroy(states.at(-1)!)).rejects.toThrow(/no approval is in force/);
  });

  test("drift is told to the monitor; the way back needs an approval, and restores the baseline to the last right", async () => {
    const monitor = programOn(db, {}, { url: as(db, ROLES.monitor) });
    await monitor.plan();
    expect(heard(monitor)).toMatch(
      /^Nothing that writes is left to rehearse: one_roof_monitor may not write on .*: only one_roof_login may/,
    );
    await db.query("UPDATE public.axis_value SET status = 'retired' WHERE value_code = 'ai-ops'");
    await monitor.read(states.find(({ tier }) => tier === 5)!);
    expect(heard(monitor)).toMatch(/Tier 5 .* has drifted: .*ai-ops.* status was active, is retired/);
    await db.query("UPDATE public.axis_value SET status = 'active' WHERE value_code = 'ai-ops'");

    await approve();
    await rollout.plan(3);
    for (const state of [...states].reverse()) await rollout.destroy(state);
    expect(await members()).toEqual([]);
    const changed = differences(baseline, withoutOwnFiles(await catalogAndRows(db.url)));
    // What was approved stays on record.
    expect(changed.filter((line) => !line.includes(`${ROLES.access}.approval`))).toEqual([]);
    expect(await findings(db)).toEqual([]);
  });
});
