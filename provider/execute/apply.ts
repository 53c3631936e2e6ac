import type { Context } from "../context";
import {
  changedObjects,
  type Changes,
  contractFindings,
  lockFindings,
  type MeasuredDelta,
  measureDelta,
  NO_DELTA,
} from "../model/delta";
import { listStops } from "../model/describe";
import { codeOf, messageOf, RolloutError } from "../model/errors";
import { type Finding, type Stop, stopsOf } from "../model/findings";
import { bindGates, type BoundGate, failedGates, type GateReadings, type GateResult } from "../model/gates";
import type { TierReport } from "../model/report";
import type { TierDeclaration } from "../model/rollout";
import { changes, type Snapshot, takeSnapshot } from "../postgres/catalog-snapshot";
import { differing, takeDefinitions } from "../postgres/definitions";
import { takeReadings } from "../postgres/probe";
import { hiddenFindings, takeTallies } from "../postgres/tallies";
import { GATE_REFUSED, GAVE_WAY, isDatabaseError, isInterrupted } from "../postgres/sqlstate";
import type { TierScripts } from "../release/release";
import { type DatabaseState, heldInvariants, neededReadings } from "./database-state";
import { gateNotices, gateReadings, gatesTold } from "./gate-notices";
import type { WithoutLate } from "./late-statements";
import { type Around, runScript, tellFiles } from "./run-script";

/** A tier that ran to its end inside the open transaction: its report, and the state after it. */
export interface Applied {
  readonly report: TierReport;
  readonly after: DatabaseState;
  /** What was given back before the readings were taken. */
  readonly without?: WithoutLate | undefined;
  /** The strong locks that it has taken on tables that were there before. */
  readonly locked: NonNullable<Changes["locked"]>;
}

/** How a tier is run. */
export interface Running {
  /** The tier whose readings the state after it takes too. */
  readonly next?: TierDeclaration | undefined;
  readonly around?: Around;
  /** Gives back what others would wait for, once the gates have judged the tier with it and it is known what it changed. */
  readonly giveBack?: (after: Snapshot) => Promise<WithoutLate | undefined>;
}

/**
 * Runs a tier's file in the open transaction, statement by statement, and measures it from `before`, the state at its
 * entry. Nothing is committed. Throws a TierRefused with the report so far when a statement fails: the transaction is then
 * aborted.
 */
export async function applyTier(
  context: Context,
  scripts: TierScripts,
  before: DatabaseState,
  { next, around, giveBack }: Running = {},
): Promise<Applied> {
  const { declaration } = scripts;
  const { rollout } = context.release;
  const gates = bindGates(rollout, declaration, context.parameters);
  const tables = Object.keys(declaration.delta.rows);
  const tallies = await takeTallies(context.session, tables, before.snapshot);
  const mayChange = changedObjects(declaration.delta);
  const defined = await takeDefinitions(context.session, mayChange, mayChange);
  const readings = await runTier(context, scripts, gates, around);
  const snapshot = await takeSnapshot(context.session, rollout.ledgerSchema);
  const redefined = differing(mayChange, defined, await takeDefinitions(context.session, mayChange, mayChange));
  const without = await giveBack?.(snapshot);
  const after = await takeReadings(context.session, context.release.probe, neededReadings(rollout, declaration, next));
  const talliesAfter = await takeTallies(context.session, tables, before.snapshot);
  const measurement = {
    changes: changes(before.snapshot, snapshot),
    redefined,
    before: before.readings,
    after,
  };
  const invariants = await heldInvariants(context, before.readings, after);
  const stops = [
    ...stopsOf("gate", declaration.tier, asFindings(failedGates(gates, readings))),
    ...stopsOf("delta", declaration.tier, without?.findings ?? []),
    ...stopsOf("delta", declaration.tier, contractFindings(declaration, measurement)),
    ...stopsOf("delta", declaration.tier, lockFindings(rollout, declaration.delta, measurement.changes)),
    ...stopsOf("delta", declaration.tier, hiddenFindings(tallies, talliesAfter, measurement.changes)),
    ...stopsOf("invariant", declaration.tier, invariants),
  ];
  const report = reportOf(declaration, readings, stops, measureDelta(declaration.delta, measurement));
  const locked = measurement.changes.locked ?? [];
  return { report, after: { snapshot: without?.snapshot ?? snapshot, readings: after }, without, locked };
}

function asFindings(failed: readonly GateResult[]): Finding[] {
  return failed.map((result) => ({ is: "failed gate", ...result }));
}

function reportOf(
  { tier, title }: TierDeclaration,
  gates: GateReadings,
  stops: readonly Stop[],
  delta: MeasuredDelta,
): TierReport {
  return { tier, title, verdict: stops.length ? "STOP" : "PASS", gates, delta, stops, rollback: "not rehearsed" };
}

/** Runs the tier's file; gives what its gates measured. */
async function runTier(
  context: Context,
  { declaration, apply }: TierScripts,
  gates: readonly BoundGate[],
  around?: Around,
): Promise<GateReadings> {
  const {
    session,
    release: { rollout },
  } = context;
  session.takeNotices();
  await tellFiles(session, rollout, { deltas: "measured" });
  try {
    await runScript(session, apply, around);
    return hearGates(context, declaration, gates);
  } catch (error) {
    const readings = hearGates(context, declaration, gates);
    // What gives way to others is no fault of the tier's.
    if (
      isInterrupted(error) ||
      codeOf(error) === GAVE_WAY ||
      (!isDatabaseError(error) && !(error instanceof RolloutError))
    )
      throw error;
    const reached = gates.filter(({ at }) => readings[at]);
    const failed = failedGates(reached, readings);
    const told = codeOf(error) === GATE_REFUSED && failed.length > 0;
    const stops = [
      ...stopsOf("gate", declaration.tier, asFindings(failed)),
      ...stopsOf("failure", declaration.tier, told ? [] : [{ is: "failure", message: messageOf(error) }]),
    ];
    throw new TierRefused(reportOf(declaration, readings, stops, NO_DELTA), error);
  }
}

/** What the gates measured, from what the session was told since it began; what they tell besides goes to the operator. */
function hearGates(
  { session, release: { rollout }, log }: Context,
  { tier }: TierDeclaration,
  gates: readonly BoundGate[],
): GateReadings {
  const notices = session.takeNotices();
  for (const told of gatesTold(rollout, notices)) log(`Tier ${tier}: ${told}`);
  return gateReadings(gates, gateNotices(rollout, notices));
}

/** A tier was stopped; nothing of it stays. */
export class TierRefused extends RolloutError {
  constructor(
    readonly report: TierReport,
    cause?: unknown,
  ) {
    super(
      `Tier ${report.tier} (${report.title}) refused, nothing was changed:\n${listStops(report.stops)}`,
      codeOf(cause),
      { cause },
    );
  }
}
