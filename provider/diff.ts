import { PULUMI } from "./command";
import { RolloutError } from "./errors";
import type { TierInputs, TierState } from "./inputs";

/** What Pulumi expects of a diff. A tier is never replaced: its rollback would follow its second application. */
export interface Diff {
  readonly changes: boolean;
}

/**
 * A tier has changed exactly if the state holds it and the ledger does not (killed destroy, restored backup, rollback
 * by hand), if it now belongs to another rollout, or if the database was moved and check let that pass. Everything
 * else that its inputs tell is a fact of this run, not of the tier.
 * Throws a RolloutError when the ledger holds it for a rollout that is not the state's.
 */
export function diff(_id: string, olds: TierState, news: TierInputs): Diff {
  requireSameRollout(olds, news);
  const otherRollout = news.rolloutId !== undefined && news.rolloutId !== olds.rolloutId;
  const moved = olds.target.database !== news.target.database || olds.target.system !== news.target.system;
  return { changes: !news.status.applied || otherRollout || moved || news.status.rolloutId !== olds.rolloutId };
}

/** What another stack applied must not pass for unchanged. It is taken over only by name. */
function requireSameRollout({ rolloutId }: TierState, { tier, title, status, adopt }: TierInputs): void {
  if (!status.applied || status.rolloutId === rolloutId || status.rolloutId === adopt) return;
  throw new RolloutError(
    `Tier ${String(tier)} (${title}): this stack's state belongs to rollout ${rolloutId}, but the database now carries ` +
      `rollout ${status.rolloutId}, which another stack applied. Nothing was changed. Use that stack, or take its rollout ` +
      `over with: ${PULUMI} config set adopt ${status.rolloutId}`,
  );
}
