import type { dynamic } from "@pulumi/pulumi";
import { rollBackTo, SECOND_RELEASE } from "../model/command";
import { shortDigest } from "../model/describe-ledger";
import { RolloutError } from "../model/errors";
import { requireSameRollout, requireSameTarget } from "../model/guards";
import type { TierInputs } from "../model/tier-inputs";
import { markRegistered } from "./this-run";

/**
 * Judges inputs against the state's old inputs without touching the database: another target, an edit of an applied
 * tier and a rollout that the state does not know are refused before anything is planned, all at once.
 */
export function check(olds: Partial<TierInputs>, news: TierInputs): Required<dynamic.CheckResult<TierInputs>> {
  markRegistered(news.tier);
  const rules = [
    () => requireKnownTarget(olds, news),
    () => requireUnedited(news),
    () => requireKnownRollout(olds, news),
  ];
  return { inputs: news, failures: rules.flatMap(failures) };
}

/** A rule's refusal as Pulumi takes it. Without a property the engine prints the reason alone, with one also its value. */
function failures(rule: () => void): dynamic.CheckFailure[] {
  try {
    rule();
    return [];
  } catch (error) {
    if (!(error instanceof RolloutError)) throw error;
    return [{ property: "", reason: error.message }];
  }
}

function requireKnownTarget({ target: made }: Partial<TierInputs>, { target, movedFrom }: TierInputs): void {
  if (made) requireSameTarget(made, target, movedFrom);
}

function requireUnedited({ tier, edited, before, digest, status }: TierInputs): void {
  if (!edited) return;
  throw new RolloutError(
    `tier ${tier} is applied from digest ${shortDigest(status.digest)}, but its files are now ` +
      `${shortDigest(digest)}. An applied tier is not edited: restore its files, and append a tier that carries the change ` +
      `(${SECOND_RELEASE}). Only where it may be undone: roll back first (${rollBackTo(before)}), and roll out again. ` +
      `Changed since:\n${edited}`,
  );
}

/** While the state does not know the tier, the ledger's rollout must be this run's own, or be named for adoption. */
function requireKnownRollout(olds: Partial<TierInputs>, news: TierInputs): void {
  const { tier, status } = news;
  if (olds.tier === undefined && status.applied) requireSameRollout(news, [{ tier, rolloutId: status.rolloutId }]);
}
