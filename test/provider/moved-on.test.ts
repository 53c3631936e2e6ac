/** The application lives on between the rehearsal and the tier: within the declared range that is told, and no refusal. */
import { withDatabase } from "../support/database/database";
import { withProject } from "../support/pulumi/project";
import { heard, programOn } from "../support/pulumi/program";

const FRESH_LABEL = `
  INSERT INTO public.entity_labels (entity_type, entity_code, label_code, rule_id, assigned_by, assigned_at)
  SELECT 'agent', 'fresh', rule.label_code, rule.id, 'application', (now() AT TIME ZONE 'UTC') + interval '1 day'
  FROM public.label_rules AS rule WHERE rule.condition ->> 'collection' = 'agents'`;

test("a label that is written after the rehearsal changes what the scan finds: the tier is applied, and says so", async () => {
  await withDatabase("signed", async (db) => {
    const rollout = programOn(db);
    const { inputs } = await rollout.plan();
    await db.query(FRESH_LABEL);
    heard(rollout);
    await rollout.apply(inputs);
    expect(heard(rollout)).toContain(
      "Tier 6: the database has moved on since the rehearsal: governance_drift_state declared +30…46, rehearsed +38, measured +37",
    );
    expect(await db.value("SELECT count(*)::integer FROM governance_drift_state")).toBe(37);
    expect((await rollout.plan()).run.applies).toEqual([]);
  });
});

test("beyond the declared range it is refused: with what was declared, rehearsed and measured, what stands and what to run next", async () => {
  const narrow = {
    file: "tiers/tier-6-scanner-baseline.ts",
    find: 'drift_state": { inserted: { from: 30',
    replace: 'drift_state": { inserted: { from: 38',
  };
  await withDatabase("signed", (db) =>
    withProject([narrow], async (root) => {
      const rollout = programOn(db, {}, { root });
      const { inputs } = await rollout.plan();
      await db.query(FRESH_LABEL);
      const message = await rollout.apply(inputs).then(
        () => "applied",
        (error: unknown) => (error as Error).message,
      );
      expect(message.split("\n")).toEqual([
        "Tier 6 (Scanner baseline) refused, nothing was changed:",
        "  - tier 6 public.governance_drift_state: expected +38…46 rows, measured +37",
        "Tier 6: the database has moved on since the rehearsal: governance_drift_state declared +38…46, rehearsed +38, measured +37.",
        expect.stringMatching(
          /^Tiers 1, 2, 3, 4, 5 stay applied\. Put right what is listed, then: .* up\. To take them back: .* destroy$/,
        ),
      ]);
      expect(await db.value("SELECT count(*)::integer FROM governance_drift_state")).toBe(0);
    }),
  );
});
