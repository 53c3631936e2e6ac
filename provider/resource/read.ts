import type { dynamic } from "@pulumi/pulumi";
import { requireSameRollout } from "../model/guards";
import { writes } from "../model/rollout";
import type { TierState } from "../model/tier-inputs";
import { takeSnapshot } from "../postgres/catalog-snapshot";
import { findDrift } from "../ledger/drift";
import { withEvidence } from "../ledger/evidence";
import { readLedger } from "../ledger/ledger";
import { requireAbsent } from "../ledger/presence";
import { heldTo } from "../ledger/record";
import { requireRemembered } from "../ledger/remembered";
import { withTarget } from "./hook";
import { runAdopts } from "./run-options";
import { markRead } from "./this-run";

/**
 * Measures one tier without strong locks and in no order: gone, which Pulumi is told by an empty id, if the ledger
 * does not hold it and nothing of it is there, and a line for every table whose seed rows have changed since. Repairs nothing.
 * Throws a RolloutError when it is there without a row in the ledger, when that was rewritten, or when it is another rollout's,
 * unless this run may take that over.
 */
export async function read(id: string, state: TierState): Promise<dynamic.ReadResult<TierState>> {
  return withTarget(state, async ({ session, release: { rollout }, scripts: { declaration }, options, log }) => {
    const { tier, title } = declaration;
    if (!writes(declaration)) return found(id, state);
    const ledger = await withEvidence(options.evidence, await readLedger(session, rollout));
    const row = ledger.get(tier);
    const snapshot = await takeSnapshot(session, rollout.ledgerSchema);
    if (!row) {
      await requireAbsent(session, declaration, snapshot);
      log(`Tier ${tier} (${title}) is gone: the ledger does not hold it, and nothing of it is there.`);
      return { id: "", props: state };
    }
    requireSameRollout({ ...state, adopt: runAdopts() }, [row]);
    // Nothing that the state knows of it is true; what it takes over, `update` measures.
    if (row.rolloutId !== state.rolloutId) return found(id, state);
    requireRemembered(state, row);
    const held = heldTo(declaration, row, ledger);
    for (const text of await findDrift(session, held.declaration, held.recorded, snapshot)) {
      log(`Tier ${tier} (${title}) has drifted: ${text}`);
    }
    return found(id, state);
  });
}

function found(id: string, state: TierState): dynamic.ReadResult<TierState> {
  markRead(state.tier);
  return { id, props: state };
}
