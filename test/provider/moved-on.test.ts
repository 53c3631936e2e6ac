/** The application lives on between the rehearsal and the tier: within the declared range that is told, and no refusal. */
import { withDatabase } from "../support/database/database";
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
      "Tier 6: the database has moved on since the rehearsal: governance_drift_state declared +30…46, rehearsed +38, applied +37",
    );
    expect(await db.value("SELECT count(*)::integer FROM governance_drift_state")).toBe(37);
    expect((await rollout.plan()).run.applies).toEqual([]);
  });
});
