import { randomUUID } from "node:crypto";
import type { dynamic } from "@pulumi/pulumi";
import { DESTROY, PREVIEW, PULUMI, UP } from "../model/command";
import { listStops, tierLine } from "../model/describe";
import { compareRehearsal } from "../model/describe-tiers";
import { describeOrigin } from "../model/describe-ledger";
import { RolloutError } from "../model/errors";
import { stopsOf } from "../model/findings";
import { harmlessData } from "../model/harmless";
import { requireKnownTiers, requireSameRollout, requireUnbroken } from "../model/guards";
import type { HeldLock } from "../model/held-lock";
import type { TierReport } from "../model/report";
import { isFirstTier, type Readings, writes } from "../model/rollout";
import type { TierInputs, TierState } from "../model/tier-inputs";
import { type Snapshot, takeSnapshot } from "../postgres/catalog-snapshot";
import { requireApproved } from "../postgres/acting";
import { giveBackApproval } from "../postgres/approval";
import type { Guard } from "../postgres/guard";
import { takeReadings } from "../postgres/probe";
import { inTransaction } from "../postgres/transaction";
import { inTurn } from "../postgres/turn";
import { recordedEntry, verifyRecorded, verifyUnrecorded } from "../execute/adopt";
import { applyTier, TierRefused } from "../execute/apply";
import { timeLocks } from "../execute/held-locks";
import { neededReadings, takeState } from "../execute/database-state";
import { applyLate, findLate, takeBack } from "../execute/late-statements";
import { type Fingerprint, NOTHING, takeFingerprint } from "../ledger/fingerprint";
import { tellGivenUp, whatStands } from "../ledger/given-up";
import { type LedgerRow, readLedger, writeLedger } from "../ledger/ledger";
import { createLedger } from "../ledger/ledger-table";
import { takeRecord } from "../ledger/record";
import { takeSignatures } from "../ledger/signatures";
import { identifyRelease } from "../release/manifest";
import { judgeOwnApproval } from "../plan/access";
import { type HookContext, withTarget } from "./hook";
import { noteTier } from "./outcome";

/**
 * Applies a tier: one transaction, committed only if its gates, its asserts, its delta contract and the
 * invariants hold. A tier that the ledger knows already is adopted if it is the same one.
 * Throws a RolloutError that names tier, gate, expected and measured; nothing is changed then.
 */
export async function create(inputs: TierInputs): Promise<dynamic.CreateResult<TierState> & { outs: TierState }> {
  requireNothingToRemove(inputs);
  return apply(inputs);
}

async function apply(inputs: TierInputs): Promise<dynamic.CreateResult<TierState> & { outs: TierState }> {
  requireRehearsal(inputs);
  return withTarget(inputs, async (context) => {
    requireApproved(context.session);
    await requireJudgedRelease(inputs, context);
    const { rollout } = context.release;
    const step = `tier ${inputs.tier} (${inputs.title})`;
    const applied = await inTurn(context, rollout, () =>
      tellGivenUp(context, () =>
        inTransaction(context, rollout, step, (guard) => applyOrAdopt(inputs, { ...context, guard })),
      ).catch((error: unknown) => refuse(inputs, context, error)),
    );
    const line = tierLine(applied.report);
    noteTier(context.log, { is: "applied", tier: inputs.tier, line }, line);
    if (inputs.tier === rollout.tiers.at(-1)?.tier) await giveBackApproval(context.session);
    return {
      id: `${rollout.name}/${inputs.target.database}/tier-${inputs.tier}`,
      outs: { ...inputs, ...harmlessData(applied) },
    };
  });
}

/** Adds to a refusal what the tier's rehearsal measured where it was something else, what stands now, and what to run next. */
async function refuse({ report }: TierInputs, context: HookContext, error: unknown): Promise<never> {
  if (!(error instanceof TierRefused)) throw error;
  const { scripts } = context;
  const counted = error.report.stops.some(({ finding }) => finding.is === "row count");
  const moved = counted ? `${compareRehearsal(scripts.declaration, report, error.report)}.\n` : "";
  const { stands, isNothing } = await whatStands(context);
  const next = `Put right what is listed, then: ${UP}${isNothing ? "" : `. To take them back: ${DESTROY}`}`;
  throw new RolloutError(`${error.message}\n${moved}${stands} ${next}`, error.code, {
    cause: error,
  });
}

/**
 * Applies a tier that the state holds and the ledger does not, with everything that `create` demands. The first
 * tier keeps its rollout id.
 */
export async function update(_id: string, olds: TierState, news: TierInputs): Promise<dynamic.UpdateResult<TierState>> {
  const { outs } = await apply({ ...news, rolloutId: news.rolloutId ?? olds.rolloutId });
  return { outs };
}

/**
 * What a run is to roll back the engine deletes from its state. A state that does not know this tier cannot know those above
 * it, so they would stay.
 */
function requireNothingToRemove({ tier, title, run: { removes } }: TierInputs): void {
  if (!removes.length) return;
  throw new RolloutError(
    `Tier ${tier} (${title}) is not in this stack's state, so tiers ${removes.join(", ")}, which this run is to roll back, cannot ` +
      `be either and would stay. Nothing was changed. Take them over first (${PULUMI} config rm throughTier; ${UP}), ` +
      `then roll back.`,
  );
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
    `Tier ${tier} (${title}) is not applied, because the run did not pass its rehearsal:${why}\n` +
      `Nothing was changed. Put right what is listed and run ${PREVIEW}.${accept}`,
  );
}

/**
 * What is applied is what was judged, and what was judged is what was ratified: the bytes just read, whatever happened
 * to the files since the rehearsal, and the pin, whatever happened to the pack.
 */
async function requireJudgedRelease({ tier, title, digest, run }: TierInputs, { scripts }: HookContext): Promise<void> {
  const refuse = (why: string) => {
    throw new RolloutError(`Tier ${tier} (${title}) is not applied: ${why} Nothing was changed.`);
  };
  if (run.pinned && run.pinned !== run.release) {
    refuse(`the ratified release is ${run.pinned}, the files that were rehearsed are ${run.release}.`);
  }
  const { release } = await identifyRelease(process.cwd(), run.pinned);
  if (scripts.digest !== digest || release !== run.release) {
    refuse(
      `its files were changed after they were rehearsed (release ${run.release}, now ${release}). Find out who changed ` +
        `them, then run ${PREVIEW}.`,
    );
  }
}

/** What the tier's state learns from its application. */
type Applied = Pick<TierState, "report" | "rolloutId" | "ledgerHash">;

/** What a tier is applied with: who watches its transaction, too. */
interface Applying extends HookContext {
  readonly guard: Guard;
}

async function applyOrAdopt(inputs: TierInputs, context: Applying): Promise<Applied> {
  const { session, release, scripts } = context;
  const ledger = await readLedger(session, release.rollout);
  requireKnownTiers(release.rollout, ledger.values());
  if (!writes(scripts.declaration)) return readOnly(inputs, context, ledger);
  const known = ledger.get(inputs.tier);
  if (known) return adopt(inputs, context, ledger, known);
  requireUnbroken(release.rollout, ledger, inputs.tier);
  requireSameRollout({ ...inputs, adopt: undefined }, ledger.values());
  return inputs.run.adopts.includes(inputs.tier) ? takeOver(inputs, context) : applyAndRecord(inputs, context);
}

/** A tier that the ledger knows: the same one is taken over, and any other refused. */
async function adopt(
  inputs: TierInputs,
  context: HookContext,
  ledger: ReadonlyMap<number, LedgerRow>,
  known: LedgerRow,
): Promise<Applied> {
  requireSameRollout(inputs, [known]);
  await verifyRecorded(context, context.scripts, ledger, known);
  context.log(`Tier ${inputs.tier} was ${describeOrigin(known)}: adopted, nothing was changed.`);
  return { report: known.report, rolloutId: known.rolloutId, ledgerHash: known.hash };
}

/** A tier that only reads: it is run for its gates, or, the first of a rollout under way, taken from the ledger. */
async function readOnly(
  inputs: TierInputs,
  context: Applying,
  ledger: ReadonlyMap<number, LedgerRow>,
): Promise<Applied> {
  const isFirst = isFirstTier(context.release.rollout, inputs.tier);
  const [first] = ledger.values();
  if (isFirst && first) {
    requireSameRollout(inputs, [first]);
    return { report: recordedEntry(context, context.scripts.declaration, first), rolloutId: first.rolloutId };
  }
  const adopting = isFirst && inputs.run.adopts.length > 0;
  const report = adopting ? inputs.report : (await measure(inputs, context)).report;
  return { report, rolloutId: rolloutOf(inputs, context) };
}

/** Runs the tier's file in the open transaction and refuses what breaks its contract. */
async function measure(inputs: TierInputs, context: Applying) {
  const { session, release, scripts } = context;
  const { declaration } = scripts;
  const before = await takeState(context, neededReadings(release.rollout, declaration));
  const entry = await takeFingerprint(session, declaration, before.snapshot);
  const times = timeLocks(declaration);
  const late = { context, guard: context.guard, givenBack: times.released };
  const found = findLate(late, scripts);
  const { report, after, without, locked } = await applyTier(context, scripts, before, {
    around: (statement, run) => found.around(statement, () => times.around(statement, run)),
    giveBack: (snapshot) => takeBack(late, found, snapshot),
  });
  if (report.stops.length) throw new TierRefused(report);
  const moved = compareRehearsal(declaration, inputs.report, report);
  if (moved) context.log(moved);
  const snapshot = without ? await applyLate(late, found, without, times.around) : after.snapshot;
  const locks = () => times.held(locked);
  return { report: { ...report, rollback: inputs.report.rollback }, entry, snapshot, locks };
}

async function applyAndRecord(inputs: TierInputs, context: Applying): Promise<Applied> {
  await requireApproval(inputs, context);
  const rolloutId = rolloutOf(inputs, context);
  const readings = await takeReadings(context.session, context.release.probe);
  const measured = await measure(inputs, context);
  const ledgerHash = await record(context, { rolloutId, release: inputs.run.release, readings, ...measured });
  return { report: measured.report, rolloutId, ledgerHash };
}

/** An approval may have ended, or another have taken its place, since the run was judged. */
async function requireApproval({ tier, run }: TierInputs, context: HookContext): Promise<void> {
  const findings = await judgeOwnApproval(context, run.release);
  if (!findings.length) return;
  throw new RolloutError(`Refused, nothing was changed:\n${listStops(stopsOf("access", tier, findings))}`);
}

/** A tier that is there without a ledger, run by psql: held to its contract again, then recorded as if applied. */
async function takeOver(inputs: TierInputs, context: HookContext): Promise<Applied> {
  await requireApproval(inputs, context);
  const { session, release, scripts } = context;
  const rolloutId = rolloutOf(inputs, context);
  const readings = await takeReadings(session, release.probe);
  const snapshot = await takeSnapshot(session, release.rollout.ledgerSchema);
  const report = await verifyUnrecorded(context, scripts.declaration, { snapshot, readings });
  if (report.stops.length) throw new TierRefused(report);
  // Nobody measured the readings at its entry: none are kept, so none are compared when it is rolled back.
  const { release: brought } = inputs.run;
  const facts = { rolloutId, release: brought, report, entry: NOTHING, snapshot, readings: {}, locks: () => [] };
  const ledgerHash = await record(context, facts);
  return { report, rolloutId, ledgerHash };
}

/** What is known of a tier when its ledger row is written. */
interface TierFacts {
  readonly rolloutId: string;
  /** The release that brings it. */
  readonly release: string;
  readonly report: TierReport;
  readonly entry: Fingerprint;
  /** The catalog at its exit. */
  readonly snapshot: Snapshot;
  /** Readings at its entry. */
  readonly readings: Readings;
  /** The strong locks that it holds, and for how long by now. */
  readonly locks: () => readonly HeldLock[];
}

/** Writes the tier's row into the ledger, which the first tier that writes brings with it; gives its hash. */
async function record(context: HookContext, { snapshot, locks, ...facts }: TierFacts): Promise<string> {
  const { session, release, parameters, scripts } = context;
  await createLedger(session, release.rollout);
  return writeLedger(session, release.rollout, {
    ...facts,
    ...(await takeRecord(session, release.rollout, scripts.declaration, snapshot)),
    signatures: await takeSignatures(context),
    locks: locks(),
    tier: scripts.declaration.tier,
    digest: scripts.digest,
    parameters,
    applySql: scripts.apply.text,
    rollbackSql: scripts.rollback?.text ?? "",
  });
}

/** The rollout's id: the first tier mints it, every other is handed it. */
function rolloutOf({ tier, rolloutId }: TierInputs, { release: { rollout } }: HookContext): string {
  if (rolloutId) return rolloutId;
  if (isFirstTier(rollout, tier)) return randomUUID();
  throw new RolloutError(`Tier ${tier} was given no rollout id: it must follow the first tier.`);
}
