import { EXIT } from "../../cli/exit-codes";
import { database, type TestDatabase } from "../support/database/database";
import { RECHAIN } from "../support/faults/rewrite";
import { programOn } from "../support/pulumi/program";
import { FORGED, status } from "../support/status";

describe("a whole rollout under its ledger", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("signed");
    await programOn(db).up();
  });

  test("is ROLLED OUT, without drift, and could go back", async () => {
    const { code, part } = await status(db);
    expect(code).toBe(EXIT.done);
    expect(part("Stands")).toMatch(/^ROLLED OUT, tiers 1, 2, 3, 4, 5, 6: rollout /);
    expect([part("Start"), part("Drift"), part("Back"), part("Next")]).toEqual([
      "nothing is left to start",
      "none: what the ledger knows is as it was applied",
      "could go back now",
      "npm run verify; take it back: npm run destroy",
    ]);
  });

  test("looks the same to a login that may only read", async () => {
    const reader = `status_reader_${process.pid}`;
    await db.query(`CREATE ROLE ${reader} LOGIN; GRANT pg_read_all_data, pg_read_all_stats TO ${reader}`);
    const [own, read] = [await status(db), await status(db, { user: reader })];
    await db.query(`DROP ROLE ${reader}`);
    expect(read.code).toBe(EXIT.done);
    const belowTarget = (text: string) => text.slice(text.indexOf("\nRelease"));
    expect(belowTarget(read.text)).toBe(belowTarget(own.text));
  });

  test("of one tier tells gates, delta, rollback, locks and signatures from the ledger", async () => {
    const { code, text } = await status(db, { args: ["--tier", "1"] });
    expect(code).toBe(EXIT.done);
    for (const line of [
      /^applied {3}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC by postgres, rollout [0-9a-f-]{36}$/m,
      /^digest {4}[0-9a-f]{64}, as the files here$/m,
      /^measured {2}.*\+31 views/m,
      /^rollback {2}rehearsed on this target before it was applied: exact/m,
      /^locks {5}public\.governance_registry, ShareRowExclusiveLock, \d+ ms until its COMMIT$/m,
      /^signed {4}os_proposal_approvals [0-9a-f-]{36}: The owner.*, approved, /m,
      /^ {2}axis_objects +in 0,43 +0$/m,
      /^ {2}axis_objects += 43 +43$/m,
      /^back {6}nothing stands against it$/m,
    ]) {
      expect(text).toMatch(line);
    }
    expect((await status(db, { args: ["--tier", "4"] })).text).toMatch(
      /^locks {5}no strong lock on a table of others$/m,
    );
    expect((await status(db, { args: ["--tier", "0"] })).text).toMatch(/^ {2}ownership_gap += 210 +210$/m);
    expect((await status(db, { args: ["--tier", "8"] })).text).toMatch(/^applied {3}reads only, .*npm run verify/m);
  });

  test("as JSON says all of it, of one tier too", async () => {
    const told = JSON.parse((await status(db, { args: ["--json"] })).text);
    expect(told).toMatchObject({
      target: { database: db.name, stack: "dev" },
      stands: [1, 2, 3, 4, 5, 6],
      ledger: "as written",
      start: { verdict: "ROLLED OUT", next: null, blockers: [] },
      back: { could: true },
      atWork: null,
    });
    expect(told.tiers[3]).toMatchObject({
      tier: 3,
      stands: true,
      drift: [],
      applied: { by: "postgres", asHere: true },
    });
    const tier = JSON.parse((await status(db, { args: ["--json", "--tier", "3"] })).text);
    expect(tier).toMatchObject({ tier: 3, rollback: "exact", locks: [], signatures: [{ decision: "approved" }] });
    expect(tier.gates).toContainEqual({
      name: "ownership_seeded",
      at: "exit",
      operator: "=",
      expected: "30",
      measured: 30,
    });
  });

  test("names whoever is at work, as text", async () => {
    const other = await db.connect();
    await other.query("SELECT set_config('application_name', $1, false)", [FORGED.replace(/\n/g, " ")]);
    await other.query("SELECT pg_advisory_lock(1330795077, 1)");
    const { part } = await status(db);
    await other.query("SELECT pg_advisory_unlock(1330795077, 1)");
    expect(part("At work")).toMatch(/^pid \d+, user postgres, application "e/);
    expect(part("Next")).toMatch(/^wait until whoever is at work has ended/);
  });

  test("is refused its way back by what others built on it, whatever they call that", async () => {
    await db.query(`CREATE VIEW public."${FORGED}" AS SELECT * FROM public.axis_value`);
    const { code, part } = await status(db);
    const detail = await status(db, { args: ["--tier", "1"] });
    await db.query(`DROP VIEW public."${FORGED}"`);
    expect(code).toBe(EXIT.refused);
    expect(part("Start")).toBe("nothing is left to start");
    expect(part("Back")).toMatch(/^REFUSED now, by 1:\ntier 1: view .*\\x1b\[2J\\u202e\\nStart/);
    expect(detail.text).toMatch(/^back {6}refused: view .* depends on table public\.axis_value$/m);
  });

  test("shows drift with old and new values, and refuses both ways", async () => {
    await db.query(
      "UPDATE governance_object_ownership SET owner_gov_code = 'GOV-MOT' WHERE object_ref = 'GRP-AI' AND scope = 'audit'",
    );
    const { code, text, part } = await status(db);
    expect(code).toBe(EXIT.refused);
    expect(text).toMatch(/^3 Ownership seed .*, as here, DRIFT 1$/m);
    expect(part("Start")).toMatch(/^REFUSED now, by 1:\ndrift: tier 3 \(1 difference\)/);
    expect(part("Drift")).toMatch(/^\d+ found:\ntier 3: 1 of 30 governance_object_ownership rows changed: /);
    expect(part("Back")).toMatch(/^REFUSED now, by \d+:/);
    expect(part("Next")).toMatch(/^npm run status -- --tier 3; docs\/runbook\.md: Drift/);
    const detail = await status(db, { args: ["--tier", "3"] });
    expect(detail.text).toMatch(/^drift .*owner_gov_code was GOV-DOT, is GOV-MOT$/m);
    expect(detail.text).toMatch(/^ {10}that loss is accepted by ROLLOUT_ACCEPT=[0-9a-f]{16}$/m);
    await db.query(
      "UPDATE governance_object_ownership SET owner_gov_code = 'GOV-DOT' WHERE object_ref = 'GRP-AI' AND scope = 'audit'",
    );
  });

  test("a ledger whose owner rewrote and hashed it anew shows what he wrote as text, one that does not chain nothing", async () => {
    await db.query("UPDATE one_roof_rollout.ledger SET applied_by = $1 WHERE tier = 4", [FORGED]);
    const broken = await status(db);
    expect(broken.code).toBe(EXIT.refused);
    expect(broken.part("Stands")).toMatch(/: its ledger cannot be believed$/);
    expect(broken.part("Start")).toMatch(/\nledger: The ledger was rewritten: .* position 4 /);
    expect(broken.part("Next")).toMatch(/The ledger was rewritten/);
    expect(broken.text).toMatch(/^4 Containment {11}stands, no row$/m);
    await db.query(RECHAIN);
    const { text } = await status(db);
    expect(text).toMatch(/^4 Containment {11}\S+ \S+ {2}e\\x1b/m);
    expect(text.match(/^Start/gm)).toHaveLength(1);
  });
});
