import { changedObjects } from "../model/delta";
import { bareName } from "../model/describe";
import { messageOf } from "../model/errors";
import { type Finding, stopsOf } from "../model/findings";
import type { TierReport } from "../model/report";
import { asExecutor } from "../postgres/acting";
import { type DatabaseState, takeState } from "../execute/database-state";
import { refusedRollback, type Rollback, rollBackTier, type RolledBack, rollbackOf } from "../execute/rollback";
import type { Fingerprint } from "../ledger/fingerprint";
import { isChanged } from "../ledger/record";
import { type BlockedTier, findRollbackBlockers, requireNoBlockers } from "../ledger/rollback-blockers";
import type { TierScripts } from "../release/release";
import type { TierToRollBack } from "./pending";
import { endsRehearsal, type Rehearsing, stopped, timed } from "./rehearsing";

/** A tier that ran in the rehearsal, with what is needed to roll it back. */
export interface RehearsedTier {
  readonly scripts: TierScripts;
  readonly entry: Fingerprint;
  readonly before: DatabaseState;
  readonly report: TierReport;
}

/** Rolls the rehearsed tiers back, latest first; gives their reports, each with how its rollback ended. */
export async function rehearseWayBack(
  rehearsing: Rehearsing,
  applied: readonly RehearsedTier[],
  from: DatabaseState,
): Promise<TierReport[]> {
  const reports = applied.map(({ report }): TierReport => ({ ...report, rollback: "nothing to roll back" }));
  const back = applied.flatMap(({ scripts: { declaration, rollback: script }, entry, before, report }, index) =>
    script ? [{ index, before, report, rollback: { declaration, script, entry } }] : [],
  );
  let state = from;
  // Defined again as they were, by statements: the marks of their catalog rows are new, and the fingerprint of the entry tells.
  const redefined = new Set<string>();
  for (const { index, before, report, rollback } of back.reverse()) {
    try {
      const { findings, after, next } = await descend(rehearsing, rollback, state, index === back.at(-1)?.index);
      for (const object of changedObjects(rollback.declaration.delta)) redefined.add(object);
      reports[index] = judged(report, [...findings, ...notAsBefore(before, after, redefined)]);
      state = next;
    } catch (error) {
      if (endsRehearsal(rehearsing, error)) throw error;
      reports[index] = judged(report, [{ is: "failure", message: messageOf(error) }]);
      // What comes below it is not reached.
      for (const lower of back.filter((each) => each.index < index)) reports[lower.index] = lower.report;
      break;
    }
  }
  return reports;
}

/** Objects that the way back did not leave as they were before the tier, identifiers and all. */
function notAsBefore(before: DatabaseState, after: DatabaseState, redefined: ReadonlySet<string>): Finding[] {
  return [...before.snapshot.objects]
    .filter(([object, mark]) => !redefined.has(object) && after.snapshot.objects.get(object) !== mark)
    .map(([object]) => ({ is: "object not restored", object }));
}

function judged(report: TierReport, findings: readonly Finding[]): TierReport {
  if (!findings.length) return { ...report, rollback: "exact" };
  return { ...stopped(report, stopsOf("rollback", report.tier, findings)), rollback: "refused" };
}

/**
 * Rolls back applied tiers, latest first. Throws a RolloutError that lists everything that blocks any of them, or the
 * findings on the first one whose proof fails.
 */
export async function rehearseDown(rehearsing: Rehearsing, tiers: readonly TierToRollBack[]): Promise<void> {
  const { context } = rehearsing;
  const latestFirst = [...tiers].reverse();
  let state = await timed(rehearsing, "entry", () => takeState(context, context.release.rollout.invariants));
  const ledger = new Map(tiers.map(({ recorded }) => [recorded.tier, recorded]));
  const blockersOf = async ({ scripts: { declaration }, recorded }: TierToRollBack): Promise<BlockedTier> => ({
    declaration,
    blockers: await findRollbackBlockers(context, declaration, { declaration, recorded }, state.snapshot),
  });
  const blocked: BlockedTier[] = [];
  for (const each of latestFirst) if (!isChanged(each.recorded, ledger)) blocked.push(await blockersOf(each));
  requireNoBlockers(blocked);
  for (const [index, tier] of latestFirst.entries()) {
    const { scripts, recorded } = tier;
    const { declaration } = scripts;
    // What a later tier has changed of this one is as this one left it only now.
    if (isChanged(recorded, ledger)) requireNoBlockers([await blockersOf(tier)]);
    const isLast = index === latestFirst.length - 1;
    const { findings, next } = await descend(rehearsing, await rollbackOf(scripts, recorded), state, isLast);
    if (findings.length) throw refusedRollback(declaration, findings);
    state = next;
  }
}

/** A tier that was rolled back, and the state from which the one below it goes on. */
interface Descended extends RolledBack {
  readonly next: DatabaseState;
}

/**
 * Rolls one tier back. TRUNCATE locks a table against its readers until the transaction ends; so where a rollback is not the
 * last and has emptied tables that others can see, it is judged and taken back, and its rows are deleted instead.
 */
async function descend(
  rehearsing: Rehearsing,
  rollback: Rollback,
  from: DatabaseState,
  isLast: boolean,
): Promise<Descended> {
  const { context, guard } = rehearsing;
  const { session, release } = context;
  const { tier, title, delta } = rollback.declaration;
  guard.reached(`rollback of tier ${tier} (${title})`);
  return timed(rehearsing, `rollback ${tier}`, async () => {
    await session.query("SAVEPOINT rollback");
    const done = await rollBackTier(context, rollback, from);
    await guard.observe();
    const held = guard.holding();
    const emptied = Object.entries(delta.rows).filter(
      ([table, { operational }]) => operational && held.includes(bareName(table)),
    );
    if (isLast || !emptied.length || held.length > emptied.length) return { ...done, next: done.after };
    await session.query("ROLLBACK TO SAVEPOINT rollback");
    await guard.observe();
    await asExecutor(session);
    for (const [table, { own }] of emptied) await session.query(`DELETE FROM ${table} WHERE ${own}`);
    return { ...done, next: await takeState(context, release.rollout.invariants) };
  });
}
