import type { TierInputs, TierState } from "./inputs";

/** What Pulumi expects of a diff. A tier is never replaced: its rollback would follow its second application. */
export interface Diff {
  readonly changes: boolean;
}

/**
 * A tier has changed exactly if the state holds it and the ledger does not (killed destroy, restored backup,
 * rollback by hand), if it now belongs to another rollout, or if the database was moved and check let that pass. Everything else that its inputs tell is a fact of
 * this run, not of the tier.
 */
export function diff(_id: string, olds: TierState, news: TierInputs): Diff {
  const otherRollout = news.rolloutId !== undefined && news.rolloutId !== olds.rolloutId;
  const moved = olds.target.database !== news.target.database || olds.target.system !== news.target.system;
  return { changes: !news.status.applied || otherRollout || moved };
}
