import { PULUMI } from "./command";
import { codeOf, mayNotWrite, messageOf, RolloutError } from "./errors";
import { gateReadingsFrom } from "./gates";
import { guardHold, type HoldWatch } from "./hold";
import { type Cost, type Doomed, rehearseDown, rehearseUp } from "./rehearsal";
import type { Release, TierScripts } from "./release";
import { NO_DELTA, type TierReport } from "./report";
import type { Readings } from "./rollout";
import { movedSequences, sequencePositions } from "./sequences";
import type { Session } from "./session";
import type { Parameters, RunOptions } from "./settings";
import type { Log } from "./transaction";

/** What a run has to rehearse: tiers to apply, or tiers to roll back, never both. */
export interface Work {
  readonly pending: readonly TierScripts[];
  readonly doomed: readonly Doomed[];
}

/**
 * Rehearses the work in one transaction and rolls it back; gives a report for every tier that it reached. Logs what
 * it cost: time, strong locks on existing tables, sequences that moved. Throws a RolloutError when a rollback would
 * be refused, when the hold budget is used up or when the server fails.
 */
export async function rehearse(
  session: Session,
  release: Release,
  work: Work,
  parameters: Parameters,
  options: RunOptions,
  log: Log,
): Promise<TierReport[]> {
  if (!work.pending.length && !work.doomed.length) return [];
  const start = performance.now();
  const [hold, positions] = await Promise.all([guardHold(session, options.holdBudget), sequencePositions(session)]);
  let costs: readonly Cost[] = [];
  try {
    await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    const rehearsal = work.doomed.length
      ? { reports: [], costs: await rehearseDown(session, release, work.doomed, hold) }
      : await rehearseUp(session, release, work.pending, parameters, hold);
    costs = rehearsal.costs;
    return [...rehearsal.reports];
  } catch (error) {
    throw failed(error, hold);
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
    const moved = await sequencePositions(session).then(
      (after) => movedSequences(positions, after),
      () => [],
    );
    await logCost(hold, Math.round(performance.now() - start), costs, moved, log);
  }
}

function failed(error: unknown, hold: HoldWatch): RolloutError {
  const refusal = hold.refusal();
  if (refusal) return refusal;
  if (error instanceof RolloutError) return error;
  const next = mayNotWrite(error)
    ? "Grant this login what is missing: README.md lists the rights that a rollout needs."
    : `Run ${PULUMI} preview again when the server is well.`;
  return new RolloutError(
    `The rehearsal at ${hold.step()} failed: ${messageOf(error)}. It was rolled back; nothing was changed. ${next}`,
    codeOf(error),
    { cause: error },
  );
}

async function logCost(
  hold: HoldWatch,
  total: number,
  costs: readonly Cost[],
  moved: string[],
  log: Log,
): Promise<void> {
  const { tables, heldFor } = await hold.stop();
  const steps = costs.map(({ step, milliseconds }) => `${step} ${String(milliseconds)}`).join(", ");
  const locks = tables.length
    ? `Strong locks on existing tables for ${String(heldFor)} ms at most: ${tables.join(", ")}.`
    : "No strong lock on an existing table.";
  const sequences = moved.length ? ` Sequences that stay moved: ${moved.join(", ")}.` : "";
  log(`Rehearsed in ${String(total)} ms and rolled back (ms: ${steps || "none"}). ${locks}${sequences}`);
}

/** Reports from readings alone: entry gates of the first pending tier are judged, of the others nothing is known. */
export function unrehearsed(
  release: Release,
  pending: readonly TierScripts[],
  parameters: Parameters,
  readings: Readings,
): TierReport[] {
  return pending.map(({ declaration: { tier, title, gates } }, index) => {
    const entry = gates.filter(({ at }) => at === "entry");
    const measured = index ? {} : gateReadingsFrom(release.rollout, entry, parameters, readings);
    const stops = [{ kind: "rehearsal" as const, text: `tier ${String(tier)} was not rehearsed` }];
    return {
      tier,
      title,
      verdict: "NOT REHEARSED",
      gates: measured,
      delta: NO_DELTA,
      stops,
      rollback: "not rehearsed",
    };
  });
}
