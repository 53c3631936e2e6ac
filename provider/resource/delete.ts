import { messageOf } from "../model/errors";
import { requireKnownTiers, requireSameRollout } from "../model/guards";
import { fitting, show } from "../model/describe";
import { inLine } from "../model/harmless";
import { isAfter, isFirstTier, type Readings, type Rollout, tierOf, writes } from "../model/rollout";
import type { TierState } from "../model/tier-inputs";
import { takeSnapshot } from "../postgres/catalog-snapshot";
import { requireApproved } from "../postgres/acting";
import { giveBackApproval } from "../postgres/approval";
import { takeReadings } from "../postgres/probe";
import { retried } from "../postgres/retry";
import { isInterrupted } from "../postgres/sqlstate";
import { inTransaction } from "../postgres/transaction";
import { inTurn } from "../postgres/turn";
import { takeState } from "../execute/database-state";
import { refusedRollback, rollBackTier, rollbackOf } from "../execute/rollback";
import { type Proof, putOthersAside, withEvidence, writeEvidence } from "../ledger/evidence";
import { tellGivenUp } from "../ledger/given-up";
import { dropLedger, forgetTier, type LedgerRow, readLedger } from "../ledger/ledger";
import { requireAbsent } from "../ledger/presence";
import { requireRemembered } from "../ledger/remembered";
import { findRollbackBlockers, requireNoBlockers } from "../ledger/rollback-blockers";
import { requireOthersAbsent } from "../plan/pending";
import { rehearse } from "../plan/rehearsal";
import { scriptsOf } from "../release/release";
import { type HookContext, withTarget } from "./hook";
import { noteTier } from "./outcome";
import { refuseReplacement } from "./replacement";
import { beginsUnrehearsed, isFirstMention } from "./this-run";

/**
 * Rolls a tier back and proves it: committed only if what the tier declared is as it was at its entry and nothing
 * else moved. Later tiers of the same rollout that the state lost go first. A tier that the ledger does not hold
 * must be absent. The first deletion of a run that ran no program rehearses the whole way back. Throws a RolloutError that lists every reason; nothing of the refused tier is changed then.
 */
export async function deleteTier(state: TierState): Promise<void> {
  refuseReplacement(state);
  const unrehearsed = beginsUnrehearsed();
  const thisAndLater = (tier: number, rollout: Rollout) => tier === state.tier || isAfter(rollout, tier, state.tier);
  await withTarget(
    state,
    async (context) => {
      const { session, release, scripts, options } = context;
      requireApproved(session);
      const goBack = async () => {
        const ledger = await withEvidence(
          options.evidence,
          await retried(context, stepOf(state), () => readLedger(session, release.rollout)),
        );
        requireSameRollout({ ...state, adopt: undefined }, ledger.values());
        requireKnownTiers(release.rollout, ledger.values());
        const own = ledger.get(state.tier);
        if (own) requireRemembered(state, own);
        if (unrehearsed) await rehearseWayBack(context, ledger);
        // A tier that only reads leaves nothing of its own. The first one may be all that the state still knows of a
        // rollout: a run that is killed leaves tiers in the ledger that its state never saw.
        const going = [...ledger.values()].filter(({ tier }) => thisAndLater(tier, release.rollout)).reverse();
        // Said only when it is true: after the COMMIT.
        for (const row of going) {
          const { tier, title } = tierOf(release.rollout, row.tier);
          const { proof, evidence } = await inTransaction(context, release.rollout, stepOf({ tier, title }), () =>
            rollBack(context, row),
          );
          const line = fitting(`Tier ${tier} (${title}) rolled back and proven: `, removedParts(proof));
          const where = isFirstMention(evidence) ? [`Evidence: ${inLine(evidence)}`] : [];
          noteTier(context.log, { is: "rolled back", tier, evidence }, line, ...where);
          if (endsRollout(context, row)) await tellSince(context, row, proof);
        }
        if (writes(scripts.declaration) && !own) await tellAbsent(context);
        if (isFirstTier(release.rollout, state.tier)) await giveBackApproval(session);
      };
      await inTurn(context, release.rollout, () => tellGivenUp(context, goBack));
    },
    unrehearsed ? () => true : thisAndLater,
  );
}

function stepOf({ tier, title }: Pick<TierState, "tier" | "title">): string {
  return `the rollback of tier ${tier} (${title})`;
}

/**
 * Plain `pulumi destroy` runs no program: the first deletion then rehearses all that is still in the ledger, so that what
 * would be refused further down is refused before anything is changed.
 */
async function rehearseWayBack(context: HookContext, ledger: ReadonlyMap<number, LedgerRow>): Promise<void> {
  await requireOthersAbsent(context, ledger);
  const toRollBack = [...ledger.values()].map((recorded) => ({
    scripts: scriptsOf(context.release, recorded.tier),
    recorded,
  }));
  await retried(context, "the rehearsal of the way back", (guard) =>
    rehearse(context, guard, { pending: [], toRollBack }),
  );
}

function removedParts({ removed }: Proof): readonly string[] {
  return removed.length ? removed : ["nothing was left"];
}

/** The proof of a rollback, and the file that holds it. */
interface RolledBack {
  readonly proof: Proof;
  readonly evidence: string;
}

/** Rolls one tier back in the open transaction. */
async function rollBack(context: HookContext, row: LedgerRow): Promise<RolledBack> {
  const { session, release, options, log } = context;
  const { rollout } = release;
  const scripts = scriptsOf(release, row.tier);
  const { declaration } = scripts;
  const before = await takeState(context, rollout.invariants);
  const blockers = await findRollbackBlockers(context, declaration, { declaration, recorded: row }, before.snapshot);
  requireNoBlockers([{ declaration, blockers }]);
  const rollback = await rollbackOf(scripts, row);
  if (rollback.script !== scripts.rollback) {
    log(`Tier ${row.tier}: the rollback recorded when it was applied is used, as accepted.`);
  }
  const { findings, removed } = await rollBackTier(context, rollback, before);
  if (findings.length) throw refusedRollback(declaration, findings);
  await forgetTier(session, rollout, row.tier);
  // With its first tier a rollout's ledger goes too.
  if (endsRollout(context, row)) await dropLedger(session, rollout);
  const proof = { removed, accepted: blockers.dataLoss, since: [], rolledBackAt: new Date().toISOString() };
  const aside = await putOthersAside(options.evidence, row.rolloutId);
  if (aside) log(aside);
  return { proof, evidence: await writeEvidence(options.evidence, session.target, row, proof) };
}

function endsRollout({ release: { rollout } }: HookContext, { tier }: LedgerRow): boolean {
  return tier === rollout.tiers.find(writes)?.tier;
}

/**
 * Tells on what production has lived since the rollout began, and adds it to the evidence. Only after the COMMIT: to take every
 * reading is slow, and until then others would wait for the tables that are dropped. So it is too late for a refusal.
 */
async function tellSince(context: HookContext, row: LedgerRow, proof: Proof): Promise<void> {
  const { session, release, options, log } = context;
  try {
    const since = readingsSince(row.readings, await takeReadings(session, release.probe));
    if (!since.length) return;
    log(`Since the rollout began production has lived on: ${since.join(", ")}`);
    await writeEvidence(options.evidence, session.target, row, { ...proof, since });
  } catch (error) {
    if (isInterrupted(error)) throw error;
    log(`Everything is rolled back, but on what production has lived since could not be told: ${messageOf(error)}`);
  }
}

/** Readings that are not what they were at the rollout's entry: reported, never a stop. */
function readingsSince(entry: Readings, now: Readings): string[] {
  return Object.keys(entry)
    .filter((name) => entry[name] !== now[name])
    .map((name) => `${name} ${show(entry[name])} → ${show(now[name])}`);
}

/** The ledger does not hold the tier (rolled back by hand, restored backup): then nothing of it may be there. */
async function tellAbsent(context: HookContext): Promise<void> {
  const { session, release, scripts } = context;
  const { declaration } = scripts;
  await retried(context, stepOf(declaration), async () =>
    requireAbsent(session, declaration, await takeSnapshot(session, release.rollout.ledgerSchema)),
  );
  const { tier, title } = declaration;
  context.log(`Tier ${tier} (${title}) is not in the ledger and nothing of it is there: nothing to roll back.`);
}
