import { tierOf, writes } from "../../../provider/model/rollout";
import type { TierState } from "../../../provider/model/tier-inputs";
import { rollout as oneRoof } from "../../../tiers";
import { catalogAndRows, type Snapshot } from "../database/compare";
import { shapeOf } from "../pulumi/outcome";
import { run, type Setting } from "./engine";

/** What an undisturbed rollout leaves. */
export interface Course {
  readonly complete: readonly TierState[];
  /** The database before it. */
  readonly baseline: Snapshot;
  /** The database at each stage on the way, by how many tiers have written. */
  readonly stages: readonly Snapshot[];
}

/** Rolls out undisturbed; `keep` is told of every stage, by how many tiers have written. */
export async function rollOut(setting: Setting, keep?: (stage: number) => Promise<void>): Promise<Course> {
  const { url, rollout = oneRoof } = setting;
  const baseline = await catalogAndRows(url);
  const stages = [shapeOf(baseline)];
  await keep?.(0);
  const after = async ({ tier }: TierState) => {
    if (!writes(tierOf(rollout, tier))) return;
    await keep?.(stages.length);
    stages.push(shapeOf(await catalogAndRows(url)));
  };
  const { state, refusal } = await run("up", [], { ...setting, after });
  if (refusal) throw refusal;
  return { complete: state, baseline, stages };
}
