import { PULUMI } from "./command";
import { findDrift } from "./drift";
import { RolloutError } from "./errors";
import type { TierInputs } from "./inputs";
import type { LedgerRow } from "./ledger";
import { isAccepted } from "./obstacles";
import { reportFromLedger } from "./planned";
import type { TierReport } from "./report";
import { writes } from "./rollout";
import type { HookContext } from "./runtime";
import { takeSnapshot } from "./snapshot";

/**
 * Takes a tier over from the ledger instead of applying it: after a crash between COMMIT and Pulumi's write of its
 * state (same rollout id), or after a lost state (the id is named in the configuration). The digest and what is live
 * must be the same. Throws a RolloutError that says what differs.
 */
export async function verifyAdoption(
  inputs: TierInputs,
  context: HookContext,
  known: LedgerRow,
): Promise<{ report: TierReport; rolloutId: string }> {
  const { rollout, scripts, session, log } = context;
  const wanted = inputs.rolloutId || inputs.adopt;
  if (known.rolloutId !== wanted && known.rolloutId !== inputs.adopt) throw notOurs(inputs, known);
  if (!writes(scripts.declaration)) {
    return {
      report: reportFromLedger(rollout, scripts.declaration, inputs.parameters, known),
      rolloutId: known.rolloutId,
    };
  }
  const differences: string[] = [];
  if (known.digest !== scripts.digest)
    differences.push(`it was applied from digest ${known.digest}, the files are ${scripts.digest}`);
  const snapshot = await takeSnapshot(session, [rollout.ledgerSchema]);
  const drift = await findDrift(session, scripts.declaration, known, snapshot);
  if (!isAccepted(inputs.tier, drift)) differences.push(...drift);
  if (differences.length) throw notTheSame(inputs, differences);
  log(
    `Tier ${String(inputs.tier)} was applied on ${known.appliedAt} by ${known.appliedBy}: adopted, nothing was changed.`,
  );
  return { report: known.report, rolloutId: known.rolloutId };
}

function notOurs({ tier, title }: TierInputs, { rolloutId, appliedAt, appliedBy }: LedgerRow): RolloutError {
  return new RolloutError(
    `Tier ${String(tier)} (${title}): the database already carries rollout ${rolloutId}, applied on ${appliedAt} by ` +
      `${appliedBy}, which this stack's state does not know. Nothing was changed. If the state was lost, take the ` +
      `rollout over with: ${PULUMI} config set adopt ${rolloutId}`,
  );
}

function notTheSame({ tier, title }: TierInputs, differences: readonly string[]): RolloutError {
  return new RolloutError(
    `Tier ${String(tier)} (${title}) is in the ledger, but it cannot be adopted, because it is not the same:\n` +
      differences.map((difference) => `  - ${difference}`).join("\n") +
      `\nNothing was changed. Restore the release that was applied, or roll back with ${PULUMI} destroy.`,
  );
}
