import { takeMoment } from "./apply";
import { writeEvidence } from "./evidence";
import { findObstacles, requireNoObstacles } from "./obstacles";
import { show, takeReadings } from "./readings";
import { declaredObjects } from "./contract";
import { RolloutError } from "./errors";
import { takeFingerprint } from "./fingerprint";
import type { TierState } from "./inputs";
import { dropLedger, forgetTier, type LedgerRow, readLedger } from "./ledger";
import { refusedRollback, rollbackScript } from "./rehearsal";
import { scriptsOf } from "./release";
import { rollBackTier } from "./rollback";
import { type Readings, writes } from "./rollout";
import { type HookContext, withTarget } from "./runtime";
import { takeSnapshot } from "./snapshot";
import { refuseReplacement } from "./staying";
import { inTransaction, withRolloutLock } from "./transaction";

/**
 * Rolls a tier back and proves it: committed only if what the tier declared is as it was at its entry and nothing
 * else moved. Later tiers of the same rollout that the state lost go first. A tier that the ledger does not hold
 * must be absent. Throws a RolloutError that lists every reason; nothing of the refused tier is changed then.
 */
export async function destroy(state: TierState): Promise<void> {
  refuseReplacement(state);
  await withTarget(
    state,
    async (context) => {
      const { session, rollout, options, log, scripts } = context;
      await withRolloutLock(session, rollout, options, log, async () => {
        const ledger = await readLedger(session, rollout);
        requireSameRollout(state, ledger);
        // A tier that only reads leaves nothing of its own. The first one may be all that the state still knows of a rollout:
        // a run that is killed leaves tiers in the ledger that its state never saw.
        const going = [...ledger.values()].filter(({ tier }) => tier >= state.tier).reverse();
        // Said only when it is true: after the COMMIT.
        for (const row of going) log(await inTransaction(session, options, log, () => rollBack(context, row)));
        if (writes(scripts.declaration) && !ledger.has(state.tier)) await requireAbsent(context);
      });
    },
    andLater,
  );
}

/** Later tiers go first, where the state has lost them. */
const andLater = (tier: number) => (other: number) => other >= tier;

function requireSameRollout(state: TierState, ledger: ReadonlyMap<number, LedgerRow>): void {
  const others = [...ledger.values()].filter(({ rolloutId }) => rolloutId !== state.rolloutId);
  const [other] = others;
  if (!other) return;
  throw new RolloutError(
    `Tier ${String(state.tier)} (${state.title}) is not rolled back: tiers ${others.map(({ tier }) => tier).join(", ")} belong ` +
      `to rollout ${other.rolloutId}, applied on ${other.appliedAt} by ${other.appliedBy}, this state to ` +
      `${state.rolloutId}. Nothing was changed. Use the stack that applied it.`,
  );
}

/** Rolls one tier back in the open transaction; gives what to tell the operator once it is committed. */
async function rollBack(context: HookContext, row: LedgerRow): Promise<string> {
  const { session, release, rollout, options, log } = context;
  const scripts = scriptsOf(release, row.tier);
  const { declaration } = scripts;
  const before = await takeMoment(session, release, rollout.invariants);
  const obstacles = await findObstacles(session, rollout, declaration, row, before.snapshot);
  requireNoObstacles([{ declaration, obstacles }]);
  const script = await rollbackScript(scripts, row);
  if (row.rollbackSql !== scripts.rollback?.text) {
    log(`Tier ${String(row.tier)}: the rollback file has changed since; the one recorded when it was applied is used.`);
  }
  const { stops, removed } = await rollBackTier(session, release, declaration, script, row.entry, before);
  if (stops.length) throw refusedRollback(scripts, stops);
  await forgetTier(session, rollout, row.tier);
  const first = row.tier === rollout.tiers.find(writes)?.tier;
  const since = first ? readingsSince(row.readings, await takeReadings(session, release.probe)) : [];
  if (first) await dropLedger(session, rollout);
  if (since.length) log(`Since the rollout began production has lived on: ${since.join(", ")}`);
  const proof = { removed, accepted: obstacles.losses, since, rolledBackAt: new Date().toISOString() };
  const file = await writeEvidence(options.evidence, session.target, row, proof);
  const what = removed.join(", ") || "nothing was left";
  return `Tier ${String(row.tier)} (${declaration.title}) rolled back and proven: ${what}. Evidence: ${file}`;
}

/** Readings that are not what they were at the rollout's entry: reported, never a stop. */
function readingsSince(entry: Readings, now: Readings): string[] {
  return Object.keys(entry)
    .filter((name) => entry[name] !== now[name])
    .map((name) => `${name} ${show(entry[name])} → ${show(now[name])}`);
}

/** The ledger does not hold the tier (rolled back by hand, restored backup): then nothing of it may be there. */
async function requireAbsent({ session, rollout, scripts, log }: HookContext): Promise<void> {
  const { declaration } = scripts;
  const snapshot = await takeSnapshot(session, [rollout.ledgerSchema]);
  const rows = Object.entries((await takeFingerprint(session, declaration, snapshot)).rows);
  const left = [
    ...declaredObjects(declaration.delta).filter((key) => snapshot.objects.has(key)),
    ...rows.flatMap(([table, found]) => (found.rows ? [`${String(found.rows)} own rows in ${table}`] : [])),
  ];
  const tier = `Tier ${String(declaration.tier)} (${declaration.title})`;
  if (!left.length) {
    log(`${tier} is not in the ledger and nothing of it is there: nothing to roll back.`);
    return;
  }
  throw new RolloutError(
    `${tier} is not in the ledger, so its rollback cannot be proven, but there is still: ${left.join(", ")}. ` +
      `Nothing was changed. Roll it back by hand with psql -f ${declaration.rollback ?? ""}, then run the command again.`,
  );
}
