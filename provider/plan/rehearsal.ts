import type { Context } from "../context";
import { DESTROY, onlyLooks, PREVIEW, UP, wantsProfile, wasPreviewed } from "../model/command";
import { NO_DELTA } from "../model/delta";
import { codeOf, messageOf, RolloutError } from "../model/errors";
import { stopsOf } from "../model/findings";
import { bindGates, measureGates } from "../model/gates";
import type { TierReport } from "../model/report";
import { type Readings, type TierDeclaration, writes } from "../model/rollout";
import type { Guard, Log } from "../postgres/guard";
import { movedSequences, sequencePositions } from "../postgres/sequences";
import { isRetryable, mayNotWrite } from "../postgres/sqlstate";
import { begin, rollBack } from "../postgres/transaction";
import { requireEvidenceFolder } from "../ledger/evidence-folder";
import type { TierScripts } from "../release/release";
import type { Pending } from "./pending";
import { rehearseDown } from "./rehearse-rollbacks";
import { rehearseUp } from "./rehearse-tiers";
import type { Rehearsing } from "./rehearsing";

/**
 * Rehearses what is pending in one transaction and rolls it back; gives a report for every tier that it reached. Logs
 * what it cost where it passed: time, strong locks on existing tables; and sequences that moved. Throws a RolloutError when a rollback
 * would be refused or, but in a preview, could not write its evidence, when its guard cancelled it or when the server fails.
 */
export async function rehearse(
  context: Context,
  guard: Guard,
  { pending, toRollBack }: Pending,
): Promise<TierReport[]> {
  if (!pending.length && !toRollBack.length) return [];
  const { session, options, log } = context;
  await requireEvidenceFolder(options.evidence).catch((error: unknown) => tellPreview(log, error));
  const start = performance.now();
  const written = pending.flatMap(({ declaration }) => Object.keys(declaration.delta.rows));
  const positions = await sequencePositions(session, written);
  guard.reached("the start");
  await guard.limitHolds(options.holdBudget);
  const rehearsing: Rehearsing = { context, guard, givenBack: () => guard.observe(), costs: new Map() };
  let passed = false;
  try {
    await begin(session, context.release.rollout);
    const reports = toRollBack.length ? [] : await rehearseUp(rehearsing, pending);
    if (toRollBack.length) await rehearseDown(rehearsing, toRollBack);
    // A cancellation that came between two statements has stopped none of them.
    await guard.observe();
    const refusal = guard.refusal();
    if (refusal) throw refusal;
    passed = reports.every(({ verdict }) => verdict === "PASS");
    return reports;
  } catch (error) {
    throw failed(error, guard);
  } finally {
    await guard.disarm();
    await rollBack(session);
    await guard.observe();
    const moved = await sequencePositions(session, written).then(
      (after) => movedSequences(positions, after),
      () => [],
    );
    const total = Math.round(performance.now() - start);
    // What was cut short cost something else, and took other locks.
    const writing = toRollBack.length > 0 || pending.some(({ declaration }) => writes(declaration));
    const cost = passed && (writing || wantsProfile()) ? describeCost(rehearsing, total) : "";
    if (cost && !wasPreviewed()) log(cost);
    if (moved.length && !wasPreviewed()) log(`Sequences that stay moved: ${moved.join(", ")}.`);
  }
}

/** A preview writes no evidence, and whoever looks at one need not be who writes it; what is told is in the way of `up` and `destroy`. */
function tellPreview(log: Log, error: unknown): void {
  if (!onlyLooks()) throw error;
  log(`${messageOf(error)}. Until then ${UP} and ${DESTROY} refuse.`);
}

function failed(error: unknown, guard: Guard): RolloutError {
  const refusal = guard.refusal();
  if (refusal) return refusal;
  if (error instanceof RolloutError) return error;
  const said = `The rehearsal at ${guard.step()} failed: ${messageOf(error)}`;
  // Tried again, or told with what is to be done.
  if (isRetryable(error)) return new RolloutError(said, codeOf(error), { cause: error });
  const next = mayNotWrite(error)
    ? "Grant this login what is missing: README.md lists the rights that a rollout needs."
    : `Run ${PREVIEW} again when the server is well.`;
  return new RolloutError(`${said}. It was rolled back; nothing was changed. ${next}`, codeOf(error), { cause: error });
}

/** How many tables are named with the time of their lock, where nobody wants all of them. */
const TABLES_NAMED = 3;

function describeCost({ costs, guard }: Rehearsing, total: number): string {
  const steps = [...costs].map(([step, milliseconds]) => `${step} ${milliseconds}`).join(", ");
  return `Rehearsed in ${total} ms and rolled back${wantsProfile() ? ` (ms: ${steps})` : ""}. ${describeLocks(guard)}`;
}

function describeLocks(guard: Guard): string {
  const held = [...guard.holds()].sort(([, one], [, other]) => other - one);
  if (!held.length) return "No strong lock on an existing table.";
  const shown = held.slice(0, wantsProfile() ? held.length : TABLES_NAMED);
  const named = shown.map(([table, milliseconds]) => `${table} ${milliseconds} ms`).join(", ");
  const more = held.length - shown.length;
  return `Strong locks, the longest: ${named}${more ? `, and ${more} more` : ""}.`;
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
