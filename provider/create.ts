import { PULUMI } from "./command";
import { randomUUID } from "node:crypto";
import { applyTier, neededReadings, takeMoment, TierRefused } from "./apply";
import { verifyAdoption } from "./adopt";
import { RolloutError } from "./errors";
import { type Fingerprint, NOTHING, takeFingerprint, takeRecord } from "./fingerprint";
import type { TierInputs, TierState } from "./inputs";
import { createLedger, type LedgerRow, readLedger, writeLedger } from "./ledger";
import { describeReport } from "./lines";
import { takeReadings } from "./readings";
import { listStops, type TierReport } from "./report";
import { isFirstTier, type Readings, writes } from "./rollout";
import { type HookContext, withTarget } from "./runtime";
import { type Snapshot, takeSnapshot } from "./snapshot";
import { verifyStanding } from "./standing";
import { inTransaction, withRolloutLock } from "./transaction";

/** What Pulumi stores of a created tier. */
export interface Created {
  readonly id: string;
  readonly outs: TierState;
}

/**
 * Applies a tier: one transaction, committed only if its gates, its asserts, its delta contract and the
 * invariants hold. A tier that the ledger knows already is adopted if it is the same one.
 * Throws a RolloutError that names tier, gate, expected and measured; nothing is changed then.
 */
export async function create(inputs: TierInputs): Promise<Created> {
  requireRehearsal(inputs);
  return withTarget(inputs, async (context) => {
    const { report, rolloutId } = await apply(inputs, context);
    context.log(`Tier ${String(inputs.tier)} (${inputs.title}): ${describeReport(report)}`);
    const outs: TierState = { ...inputs, rolloutId, report };
    return { id: `${context.rollout.name}/${inputs.target.database}/tier-${String(inputs.tier)}`, outs };
  });
}

/** The pack judges first, but it can be switched off unseen; nothing is applied without a passed rehearsal. */
function requireRehearsal({ tier, title, run }: TierInputs): void {
  const accepted = run.verdict === "NOT REHEARSED" && run.acceptedUnrehearsed === run.release;
  if (run.verdict === "PASS" || accepted) return;
  const why = run.stops.length ? `\n${listStops(run.stops)}` : " it was not rehearsed";
  const accept =
    run.verdict === "NOT REHEARSED"
      ? ` To accept release ${run.release} unrehearsed: ${PULUMI} config set acceptUnrehearsed ${run.release}`
      : "";
  throw new RolloutError(
    `Tier ${String(tier)} (${title}) is not applied, because the run did not pass its rehearsal:${why}\n` +
      `Nothing was changed. Put right what is listed and run ${PULUMI} preview.${accept}`,
  );
}

interface Outcome {
  readonly report: TierReport;
  readonly rolloutId: string;
}

async function apply(inputs: TierInputs, context: HookContext): Promise<Outcome> {
  const { session, rollout, options, log, scripts } = context;
  return withRolloutLock(session, rollout, options, log, () =>
    inTransaction(session, options, log, async () => {
      const ledger = await readLedger(session, rollout);
      if (!writes(scripts.declaration)) return observe(inputs, context, ledger);
      const known = ledger.get(inputs.tier);
      if (known) return verifyAdoption(inputs, context, known);
      requireUnbroken(inputs, context, ledger);
      return inputs.run.adopts.includes(inputs.tier) ? takeOver(inputs, context) : record(inputs, context);
    }),
  );
}

/** A tier that only reads: it is run for its gates, or, where the rollout is under way, taken from the ledger. */
async function observe(
  inputs: TierInputs,
  context: HookContext,
  ledger: ReadonlyMap<number, LedgerRow>,
): Promise<Outcome> {
  const [first] = ledger.values();
  const isFirst = isFirstTier(context.rollout, inputs.tier);
  if (isFirst && first) return verifyAdoption(inputs, context, first);
  const adopting = isFirst && inputs.run.adopts.length > 0;
  const { report } = adopting ? { report: inputs.report } : await measured(inputs, context);
  return { report, rolloutId: rolloutOf(inputs, context) };
}

/** Runs the tier's file in the open transaction and refuses what breaks its contract. */
async function measured(inputs: TierInputs, { session, release, scripts }: HookContext) {
  const { declaration } = scripts;
  const before = await takeMoment(session, release, neededReadings(release, declaration));
  const entry = await takeFingerprint(session, declaration, before.snapshot);
  const rehearsed = inputs.report.verdict === "PASS" ? inputs.report.delta : undefined;
  const { report, after } = await applyTier(session, release, scripts, inputs.parameters, before, { rehearsed });
  if (report.stops.length) throw new TierRefused(report, undefined);
  return { report: { ...report, rollback: inputs.report.rollback }, entry, after };
}

async function record(inputs: TierInputs, context: HookContext): Promise<Outcome> {
  const rolloutId = rolloutOf(inputs, context);
  const readings = await takeReadings(context.session, context.release.probe);
  const { report, entry, after } = await measured(inputs, context);
  await enter(inputs, context, { rolloutId, report, entry, snapshot: after.snapshot, readings });
  return { report, rolloutId };
}

/** What is known of a tier when its ledger row is written. */
interface Entering extends Outcome {
  readonly entry: Fingerprint;
  /** The moment at its exit. */
  readonly snapshot: Snapshot;
  /** Readings at its entry. */
  readonly readings: Readings;
}

/** Writes the tier's row into the ledger, which the first tier that writes brings with it. */
async function enter(inputs: TierInputs, { session, rollout, scripts }: HookContext, known: Entering): Promise<void> {
  const { declaration, apply, rollback, digest } = scripts;
  await createLedger(session, rollout);
  await writeLedger(session, rollout, {
    ...{ tier: inputs.tier, rolloutId: known.rolloutId, digest, parameters: inputs.parameters, report: known.report },
    entry: known.entry,
    ...(await takeRecord(session, declaration, known.snapshot)),
    readings: known.readings,
    applySql: apply.text,
    rollbackSql: rollback?.text ?? "",
  });
}

/** A tier that is there without a ledger, run by psql: held to its contract again, then recorded as if applied. */
async function takeOver(inputs: TierInputs, context: HookContext): Promise<Outcome> {
  const { session, rollout, release, scripts } = context;
  const rolloutId = rolloutOf(inputs, context);
  const readings = await takeReadings(session, release.probe);
  const snapshot = await takeSnapshot(session, [rollout.ledgerSchema]);
  const report = await verifyStanding(session, release, scripts.declaration, inputs.parameters, readings, snapshot);
  if (report.stops.length) throw new TierRefused(report, undefined);
  // Nobody measured the readings at its entry: none are kept, so none are compared when it is rolled back.
  await enter(inputs, context, { rolloutId, report, entry: NOTHING, snapshot, readings: {} });
  return { report, rolloutId };
}

/** The rollout's id: the first tier mints it, every other is handed it. */
function rolloutOf({ tier, rolloutId }: TierInputs, { rollout }: HookContext): string {
  if (rolloutId) return rolloutId;
  if (isFirstTier(rollout, tier)) return randomUUID();
  throw new RolloutError(`Tier ${String(tier)} was given no rollout id: it must follow the first tier.`);
}

/** Every writing tier before this one must be in the ledger, of the same rollout. */
function requireUnbroken(inputs: TierInputs, { rollout }: HookContext, ledger: ReadonlyMap<number, LedgerRow>): void {
  const reason = (text: string) =>
    new RolloutError(
      `Tier ${String(inputs.tier)} (${inputs.title}) is not applied: ${text}. Nothing was changed. ` +
        `Run ${PULUMI} preview to see where the rollout stands.`,
    );
  for (const { tier } of rollout.tiers.filter(writes)) {
    if (tier >= inputs.tier) break;
    const row = ledger.get(tier);
    if (!row) throw reason(`tier ${String(tier)} must be applied first, and the ledger does not hold it`);
    if (row.rolloutId !== inputs.rolloutId) {
      throw reason(
        `tier ${String(tier)} was applied by rollout ${row.rolloutId}, this run belongs to ${inputs.rolloutId}`,
      );
    }
  }
  const later = [...ledger.keys()].filter((tier) => tier > inputs.tier);
  if (later.length) throw reason(`the later tiers ${later.join(", ")} are already in the ledger`);
}
