import { findDrift } from "./drift";
import type { TierState } from "./inputs";
import { readLedger } from "./ledger";
import { writes } from "./rollout";
import { withTarget } from "./runtime";
import { takeSnapshot } from "./snapshot";

/** What Pulumi expects of a read; an empty id says that the tier is gone. */
export interface Read {
  readonly id: string;
  readonly props: TierState;
}

/**
 * Measures one tier without strong locks and in no order: gone if the ledger does not hold it, and a line for
 * every table whose seed rows have changed since. Repairs nothing.
 */
export async function read(id: string, state: TierState): Promise<Read> {
  return withTarget(state, async ({ session, rollout, scripts, log }) => {
    const { declaration } = scripts;
    if (!writes(declaration)) return { id, props: state };
    const row = (await readLedger(session, rollout)).get(declaration.tier);
    if (row?.rolloutId !== state.rolloutId) {
      log(
        `Tier ${String(declaration.tier)} (${declaration.title}) is gone: the ledger does not hold it for this rollout.`,
      );
      return { id: "", props: state };
    }
    const snapshot = await takeSnapshot(session, [rollout.ledgerSchema]);
    for (const text of await findDrift(session, declaration, row, snapshot)) {
      log(`Tier ${String(declaration.tier)} (${declaration.title}) has drifted: ${text}`);
    }
    return { id, props: state };
  });
}
