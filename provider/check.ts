import { PULUMI } from "./command";
import type { TierInputs } from "./inputs";
import { markStaying } from "./staying";

/** A reason why inputs are refused. Without a property the engine prints the reason alone, with one also its value. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

/** What Pulumi expects of a check. */
export interface Checked {
  readonly inputs: TierInputs;
  readonly failures: CheckFailure[];
}

/**
 * Judges inputs against the state's old inputs without touching the database: another target, an edit of an applied
 * tier and a rollout that the state does not know are refused before anything is planned.
 */
export function check(olds: Partial<TierInputs>, news: TierInputs): Checked {
  markStaying(news.tier);
  return { inputs: news, failures: [...movedTarget(olds, news), ...editedTier(news), ...unknownRollout(olds, news)] };
}

function movedTarget({ target: old }: Partial<TierInputs>, { target, movedFrom }: TierInputs): CheckFailure[] {
  if (!old || (old.database === target.database && (old.system === target.system || old.system === movedFrom)))
    return [];
  return [
    {
      property: "",
      reason:
        `this stack's state was made on database "${old.database}" of cluster ${old.system}, but you are connected to ` +
        `"${target.database}" of cluster ${target.system}. Connect to the former (DATABASE_URL or PG*), select the stack of ` +
        `the latter, or, if the database was moved, accept it with: ${PULUMI} config set movedFrom ${old.system}`,
    },
  ];
}

function editedTier({ tier, edited, digest, status }: TierInputs): CheckFailure[] {
  if (!edited) return [];
  return [
    {
      property: "",
      reason:
        `tier ${String(tier)} is applied from digest ${status.digest.slice(0, 12)}, but its files are now ` +
        `${digest.slice(0, 12)}. An applied tier is not edited: restore the files, or roll back to tier ${String(tier - 1)} ` +
        `or below (${PULUMI} config set throughTier), run ${PULUMI} up, and roll out again. Changed since:\n${edited}`,
    },
  ];
}

/** Without the state's knowledge of the tier, the ledger's rollout must be this run's own or be named for adoption. */
function unknownRollout(olds: Partial<TierInputs>, { status, adopt, rolloutId, tier }: TierInputs): CheckFailure[] {
  const known = olds.tier !== undefined;
  if (known || !status.applied || status.rolloutId === adopt || status.rolloutId === rolloutId) return [];
  return [
    {
      property: "",
      reason:
        `tier ${String(tier)}: the database already carries rollout ${status.rolloutId}, which this stack's state does not ` +
        `know. If the state was lost, take the rollout over with: ${PULUMI} config set adopt ${status.rolloutId}`,
    },
  ];
}
