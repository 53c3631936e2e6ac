import { messageOf } from "../model/errors";
import { type Finding, stopsOf } from "../model/findings";
import type { TierReport } from "../model/report";
import { type TierDeclaration, writes } from "../model/rollout";
import { applyTier, TierRefused } from "../execute/apply";
import { type DatabaseState, neededReadings, takeState } from "../execute/database-state";
import { findLate, type LateStatements, rehearseLate, takeBack } from "../execute/late-statements";
import { takeFingerprint } from "../ledger/fingerprint";
import { createLedger } from "../ledger/ledger-table";
import type { Snapshot } from "../postgres/catalog-snapshot";
import type { TierScripts } from "../release/release";
import { type RehearsedTier, rehearseWayBack } from "./rehearse-rollbacks";
import { endsRehearsal, type Rehearsing, stopped, timed } from "./rehearsing";

/** A tier that ran, and what of it was given back until all tiers have run. */
interface Ran extends RehearsedTier {
  readonly late?: LateStatements;
}

/**
 * Applies the tiers one after the other, then rolls them back in reverse, each against the fingerprint of its own
 * entry. Gives a report for every tier it reached, in their order. Stops at the first tier that refuses: what comes
 * after it cannot be measured.
 */
export async function rehearseUp(rehearsing: Rehearsing, tiers: readonly TierScripts[]): Promise<TierReport[]> {
  const { context, guard } = rehearsing;
  const { session, release } = context;
  const applied: Ran[] = [];
  const refused: TierReport[] = [];
  const first = neededReadings(release.rollout, tiers[0]?.declaration);
  let state = await timed(rehearsing, "entry", () => takeState(context, first));
  for (const [index, scripts] of tiers.entries()) {
    const { declaration } = scripts;
    guard.reached(`tier ${declaration.tier} (${declaration.title})`);
    const before = state;
    const entry = await takeFingerprint(session, declaration, before.snapshot);
    await session.query("SAVEPOINT tier");
    try {
      const ran = await timed(rehearsing, `tier ${declaration.tier}`, () =>
        rehearseTier(rehearsing, scripts, before, tiers[index + 1]?.declaration),
      );
      // The ledger takes rights of its own, and the way back must be able to drop it.
      if (writes(declaration)) await createLedger(session, release.rollout);
      applied.push({ scripts, entry, before, ...ran });
      state = ran.after;
    } catch (error) {
      if (!(error instanceof TierRefused) || endsRehearsal(rehearsing, error)) throw error;
      await session.query("ROLLBACK TO SAVEPOINT tier");
      refused.push(error.report);
      break;
    }
  }
  return [...(await rehearseWayBack(rehearsing, await rehearseOnceMore(rehearsing, applied), state)), ...refused];
}

/** Runs one tier; what it locks so that others wait is judged, and then given back. */
async function rehearseTier(
  rehearsing: Rehearsing,
  scripts: TierScripts,
  before: DatabaseState,
  next: TierDeclaration | undefined,
): Promise<Pick<Ran, "report" | "late"> & { readonly after: DatabaseState }> {
  const late = findLate(rehearsing, scripts);
  const giveBack = (snapshot: Snapshot) => takeBack(rehearsing, late, snapshot);
  const { report, after } = await applyTier(rehearsing.context, scripts, before, {
    next,
    around: late.around,
    giveBack,
  });
  return late.statements.length ? { report, after, late } : { report, after };
}

/** Runs once more what was given back, on the rows that all tiers have written; gives the tiers, with what it found. */
async function rehearseOnceMore(rehearsing: Rehearsing, applied: readonly Ran[]): Promise<RehearsedTier[]> {
  const found = new Map<number, Finding>();
  for (const { scripts, late } of applied) {
    if (!late) continue;
    const { tier, title } = scripts.declaration;
    rehearsing.guard.reached(`tier ${tier} (${title}), once more`);
    try {
      await timed(rehearsing, `tier ${tier} once more`, () => rehearseLate(rehearsing, late));
    } catch (error) {
      if (endsRehearsal(rehearsing, error)) throw error;
      found.set(tier, { is: "failure", message: `once all tiers have run: ${messageOf(error)}` });
    }
  }
  return applied.map((each) => {
    const finding = found.get(each.report.tier);
    return { ...each, report: stopped(each.report, finding ? stopsOf("failure", each.report.tier, [finding]) : []) };
  });
}
