import type { Context } from "../context";
import { PULUMI } from "../model/command";
import { NO_DELTA } from "../model/delta";
import { codeOf, messageOf, RolloutError } from "../model/errors";
import { stopsOf } from "../model/findings";
import { bindGates, measureGates } from "../model/gates";
import type { TierReport } from "../model/report";
import type { Readings, TierDeclaration } from "../model/rollout";
import { type LockBudget, watchLocks } from "../postgres/lock-budget";
import { movedSequences, sequencePositions } from "../postgres/sequences";
import { mayNotWrite } from "../postgres/sqlstate";
import { begin, rollBack } from "../postgres/transaction";
import type { TierScripts } from "../release/release";
import type { Pending } from "./pending";
import { rehearseDown, rehearseUp, type Rehearsing } from "./rehearse-tiers";

/**
 * Rehearses what is pending in one transaction and rolls it back; gives a report for every tier that it reached. Logs
 * what it cost: time, strong locks on existing tables, sequences that moved. Throws a RolloutError when a rollback
 * would be refused, when the lock budget is used up or when the server fails.
 */
export async function rehearse(context: Context, { pending, toRollBack }: Pending): Promise<TierReport[]> {
  if (!pending.length && !toRollBack.length) return [];
  const { session, options, log } = context;
  const start = performance.now();
  const [locks, positions] = await Promise.all([watchLocks(session, options.holdBudget), sequencePositions(session)]);
  const rehearsing: Rehearsing = { context, locks, costs: new Map() };
  try {
    await begin(session, context.release.rollout);
    const reports = toRollBack.length ? [] : await rehearseUp(rehearsing, pending);
    if (toRollBack.length) await rehearseDown(rehearsing, toRollBack);
    // A cancellation that came between two statements has stopped none of them.
    await locks.observe();
    const refusal = locks.refusal();
    if (refusal) throw refusal;
    return reports;
  } catch (error) {
    throw failed(error, locks);
  } finally {
    await rollBack(session);
    const moved = await sequencePositions(session).then(
      (after) => movedSequences(positions, after),
      () => [],
    );
    const total = Math.round(performance.now() - start);
    log(describeCost(rehearsing, total, await locks.stop()) + describeSequences(moved));
  }
}

function failed(error: unknown, locks: LockBudget): RolloutError {
  const refusal = locks.refusal();
  if (refusal) return refusal;
  if (error instanceof RolloutError) return error;
  const next = mayNotWrite(error)
    ? "Grant this login what is missing: README.md lists the rights that a rollout needs."
    : `Run ${PULUMI} preview again when the server is well.`;
  return new RolloutError(
    `The rehearsal at ${locks.step()} failed: ${messageOf(error)}. It was rolled back; nothing was changed. ${next}`,
    codeOf(error),
    { cause: error },
  );
}

function describeCost(
  { costs }: Rehearsing,
  total: number,
  { tables, heldFor }: Awaited<ReturnType<LockBudget["stop"]>>,
): string {
  const steps = [...costs].map(([step, milliseconds]) => `${step} ${milliseconds}`).join(", ");
  const locks = tables.length
    ? `Strong locks on existing tables for ${heldFor} ms at most: ${tables.join(", ")}.`
    : "No strong lock on an existing table.";
  return `Rehearsed in ${total} ms and rolled back (ms: ${steps || "none"}). ${locks}`;
}

function describeSequences(moved: readonly string[]): string {
  return moved.length ? ` Sequences that stay moved: ${moved.join(", ")}.` : "";
}

/** Reports from readings alone: entry gates of the first pending tier are judged, of the others nothing is known. */
export function unrehearsed(
  { release: { rollout }, parameters }: Context,
  pending: readonly TierScripts[],
  readings: Readings,
): TierReport[] {
  return pending.map(({ declaration }, index) => {
    const entry = index ? [] : bindGates(rollout, declaration, parameters).filter(({ at }) => at === "entry");
    return { ...notRehearsed(declaration, "not rehearsed"), gates: measureGates(entry, readings) };
  });
}

/** The report of a tier of which nothing was measured, and why. */
export function notRehearsed({ tier, title }: TierDeclaration, is: "not rehearsed" | "not reached"): TierReport {
  return {
    tier,
    title,
    verdict: "NOT REHEARSED",
    gates: {},
    delta: NO_DELTA,
    stops: stopsOf("rehearsal", tier, [{ is }]),
    rollback: "not rehearsed",
  };
}
