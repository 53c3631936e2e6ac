import type { dynamic } from "@pulumi/pulumi";
import { requireSameRollout } from "../model/guards";
import { writes } from "../model/rollout";
import type { TierState } from "../model/tier-inputs";
import { takeSnapshot } from "../postgres/catalog-snapshot";
import { retried } from "../postgres/retry";
import { findDrift } from "../ledger/drift";
import { withEvidence } from "../ledger/evidence";
import { tellGivenUp } from "../ledger/given-up";
import { readLedger } from "../ledger/ledger";
import { requireAbsent } from "../ledger/presence";
import { heldTo } from "../ledger/record";
import { requireRemembered } from "../ledger/remembered";
import { type HookContext, withTarget } from "./hook";
import { runAdopts } from "./run-options";
import { markRead } from "./this-run";

/**
 * Measures one tier without strong locks and in no order: gone, which Pulumi is told by an empty id, if the ledger
 * does not hold it and nothing of it is there, and a line for every table whose seed rows have changed since. Repairs nothing.
 * Throws a RolloutError when it is there without a row in the ledger, when that was rewritten, or when it is another rollout's,
 * unless this run may take that over.
 */
export async function read(id: string, state: TierState): Promise<dynamic.ReadResult<TierState>> {
  return withTarget(state, async (context) => {
    const { declaration } = context.scripts;
    const { tier, title } = declaration;
    if (!writes(declaration)) return found(id, state);
    const { isGone, said } = await tellGivenUp(context, () =>
      retried(context, `the refresh of tier ${tier} (${title})`, () => look(context, state)),
    );
    for (const text of said) context.log(`Tier ${tier} (${title}) ${text}`);
    return isGone ? { id: "", props: state } : found(id, state);
  });
}

/** What is there of a tier, and what is to be said of it. */
async function look(
  { session, release: { rollout }, scripts: { declaration }, options }: HookContext,
  state: TierState,
): Promise<{ readonly isGone?: boolean; readonly said: readonly string[] }> {
  const ledger = await withEvidence(options.evidence, await readLedger(session, rollout));
  const row = ledger.get(declaration.tier);
  const snapshot = await takeSnapshot(session, rollout.ledgerSchema);
  if (!row) {
    await requireAbsent(session, declaration, snapshot);
    return { isGone: true, said: ["is gone: the ledger does not hold it, and nothing of it is there."] };
  }
  requireSameRollout({ ...state, adopt: runAdopts() }, [row]);
  // Nothing that the state knows of it is true; what it takes over, `update` measures.
  if (row.rolloutId !== state.rolloutId) return { said: [] };
  requireRemembered(state, row);
  const held = heldTo(declaration, row, ledger);
  const drift = await findDrift(session, held.declaration, held.recorded, snapshot);
  return { said: drift.map((text) => `has drifted: ${text}`) };
}

function found(id: string, state: TierState): dynamic.ReadResult<TierState> {
  markRead(state.tier);
  return { id, props: state };
}
