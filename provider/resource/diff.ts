import type { dynamic } from "@pulumi/pulumi";
import { requireRemembered } from "../ledger/remembered";
import { requireSameRollout } from "../model/guards";
import type { TierInputs, TierState } from "../model/tier-inputs";
import { isBeingRefreshed } from "./this-run";

/**
 * A tier has changed exactly if the state holds it and the ledger does not (killed destroy, restored backup, rollback
 * by hand), if it only reads and tiers were appended before it, if the ledger has another row of it than the state remembers, if it now belongs to another rollout, or if
 * the database was moved and check let that pass. Everything else that its inputs tell is a fact of this run, not of the
 * tier. It is never replaced: its rollback would follow its second application.
 * Throws a RolloutError when the ledger holds it for a rollout that is not the state's, or was rewritten.
 */
export function diff(_id: string, olds: TierState, news: TierInputs): dynamic.DiffResult {
  const { tier, title, status, adopt } = news;
  const { rolloutId, ledgerHash } = olds;
  const { ledgerHash: hash, earlierHashes: earlier = [] } = status;
  // Gone would have been an empty id.
  if (isBeingRefreshed(tier)) return { changes: false };
  if (status.applied) requireSameRollout({ tier, title, rolloutId, adopt }, [{ tier, rolloutId: status.rolloutId }]);
  if (hash && status.rolloutId === rolloutId) requireRemembered({ tier, title, ledgerHash }, { hash, earlier });
  const rewritten = ledgerHash ? hash !== ledgerHash : false;
  const otherRollout = news.rolloutId !== undefined && news.rolloutId !== rolloutId;
  // What only reads has no row; it tells of the tiers before it, and there are more since.
  const appended = status.applied && !status.digest && olds.previous !== news.previous;
  const moved = olds.target.database !== news.target.database || olds.target.system !== news.target.system;
  return {
    changes: !status.applied || appended || rewritten || otherRollout || moved || status.rolloutId !== rolloutId,
  };
}
