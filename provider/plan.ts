import { declaredObjects } from "./contract";
import { findDrift, textDiff } from "./drift";
import { mayNotWrite, RolloutError } from "./errors";
import { type ReleaseIdentity, runKey, type RunVerdict, type TierStatus } from "./inputs";
import { type LedgerRow, readLedger } from "./ledger";
import { acceptance, isAccepted } from "./obstacles";
import { takeReadings } from "./readings";
import { rehearse, unrehearsed, type Work } from "./rehearse";
import type { Release, TierScripts } from "./release";
import { NO_DELTA, type Stop, type TierReport } from "./report";
import { type Readings, type Rollout, writes } from "./rollout";
import { connect, type Session, type Target } from "./session";
import { type Parameters, type RunOptions, sessionSettings } from "./settings";
import { takeSnapshot } from "./snapshot";
import { BY_PSQL, verifyStanding } from "./standing";
import type { Log } from "./transaction";

/** What a run is asked to do. */
export interface Wish {
  /** The last tier that shall be applied; -1 rolls everything back. */
  readonly throughTier: number;
  readonly parameters: Parameters;
  readonly rehearse: boolean;
  readonly acceptUnrehearsed: string;
  /** Which rollout may be taken over; see the configuration. */
  readonly adopt: string;
}

/** One tier of the run, with everything that its resource needs. */
export interface PlannedTier {
  readonly scripts: TierScripts;
  readonly status: TierStatus;
  readonly report: TierReport;
  /** How an applied tier differs from what was applied, in the database. */
  readonly drift: readonly string[];
  /** How the files of an applied tier differ from what was applied. */
  readonly edited: string;
}

/** The whole run, rehearsed. */
export interface Plan {
  readonly target: Target;
  readonly tiers: readonly PlannedTier[];
  readonly run: RunVerdict;
  readonly readings: Readings;
}

/** Where every tier stands, as the ledger has it. */
interface Standing extends Work {
  /** Tiers that are there without a ledger and shall be taken over. */
  readonly adopted: readonly TierScripts[];
  readonly ledger: ReadonlyMap<number, LedgerRow>;
}

/**
 * Connects, takes the readings, asks the ledger and rehearses what the run would do, up or down, in one transaction
 * that is rolled back. Throws a RolloutError when the target is out of reach, when the ledger is broken, or when a
 * rollback that the run implies would be refused.
 */
export async function planRun(
  release: Release,
  identity: ReleaseIdentity,
  wish: Wish,
  options: RunOptions,
  log: Log,
): Promise<Plan> {
  const session = await connect(sessionSettings(release.rollout, wish.parameters, options), "rollout rehearsal");
  try {
    const ledger = await readLedger(session, release.rollout);
    const readings = await takeReadings(session, release.probe);
    const standing = await stand(session, release, ledger, wish);
    const drift = await measureDrift(session, release, standing, wish.throughTier);
    const reports = await report(session, release, standing, readings, wish, options, log);
    const tiers = release.tiers
      .filter(({ declaration }) => declaration.tier <= wish.throughTier)
      .map((scripts) => plannedTier(scripts, standing, reports, drift, wish.parameters));
    return { target: session.target, tiers, readings, run: judgeRun(standing, reports, drift, identity, wish) };
  } finally {
    await session.close();
  }
}

async function report(
  session: Session,
  release: Release,
  standing: Standing,
  readings: Readings,
  wish: Wish,
  options: RunOptions,
  log: Log,
): Promise<TierReport[]> {
  const without = (why: string) => {
    log(`NOT REHEARSED: ${why}. Only readings were taken.`);
    return unrehearsed(release, standing.pending, wish.parameters, readings, why);
  };
  if (standing.adopted.length) return verifyAdopted(session, release, standing, readings, wish.parameters);
  if (!wish.rehearse) return without("the configuration says rehearse: false");
  try {
    return await rehearse(session, release, standing, wish.parameters, options, log);
  } catch (error) {
    if (mayNotWrite(error) && error instanceof RolloutError)
      return without(`this login may not write: ${error.message}`);
    throw error;
  }
}

async function stand(
  session: Session,
  release: Release,
  ledger: ReadonlyMap<number, LedgerRow>,
  { throughTier, adopt }: Wish,
): Promise<Standing> {
  requireUnbroken(release.rollout, ledger);
  const wanted = release.tiers.filter(({ declaration }) => declaration.tier <= throughTier);
  const doomed = release.tiers.flatMap((scripts) => {
    const row = ledger.get(scripts.declaration.tier);
    return row && scripts.declaration.tier > throughTier ? [{ scripts, ledger: row }] : [];
  });
  const missing = wanted.some(({ declaration }) => writes(declaration) && !ledger.has(declaration.tier));
  const pending =
    missing || ledger.size === 0
      ? wanted.filter((scripts) => isPending(release.rollout, scripts, ledger))
      : trailing(wanted);
  const adopted = ledger.size === 0 && adopt === BY_PSQL ? await runByPsql(session, release, wanted) : [];
  return { ledger, pending: doomed.length || adopted.length ? [] : pending, doomed, adopted };
}

/** All tiers that write, if any object that they declare is there; without one there is nothing to take over. */
async function runByPsql(
  session: Session,
  { rollout }: Release,
  wanted: readonly TierScripts[],
): Promise<TierScripts[]> {
  const { objects } = await takeSnapshot(session, [rollout.ledgerSchema]);
  const writing = wanted.filter(({ declaration }) => writes(declaration));
  return writing.some(({ declaration }) => declaredObjects(declaration.delta).some((key) => objects.has(key)))
    ? writing
    : [];
}

async function verifyAdopted(
  session: Session,
  release: Release,
  { adopted }: Standing,
  readings: Readings,
  parameters: Parameters,
): Promise<TierReport[]> {
  const snapshot = await takeSnapshot(session, [release.rollout.ledgerSchema]);
  const reports: TierReport[] = [];
  for (const { declaration } of adopted) {
    reports.push(await verifyStanding(session, release, declaration, parameters, readings, snapshot));
  }
  return reports;
}

/** Tiers that write are pending until the ledger holds them; the first only before all, the others after all. */
function isPending(rollout: Rollout, { declaration }: TierScripts, ledger: ReadonlyMap<number, LedgerRow>): boolean {
  if (declaration.tier === rollout.tiers[0]?.tier) return ledger.size === 0;
  return !ledger.has(declaration.tier);
}

/** With nothing left to write, the closing verification still tells whether what it demands holds. */
function trailing(wanted: readonly TierScripts[]): TierScripts[] {
  return wanted.slice(1).filter(({ declaration }) => !writes(declaration));
}

function requireUnbroken(rollout: Rollout, ledger: ReadonlyMap<number, LedgerRow>): void {
  const writing = rollout.tiers.filter(writes).map(({ tier }) => tier);
  const gap = writing.findIndex((tier) => !ledger.has(tier));
  const beyond = gap < 0 ? [] : writing.slice(gap).filter((tier) => ledger.has(tier));
  if (!beyond.length) return;
  throw new RolloutError(
    `The ledger is broken: tier ${String(writing[gap])} is missing, but ${beyond.join(", ")} are applied. Nothing was ` +
      `changed. Roll the later tiers back first (pulumi config set throughTier ${String((writing[gap] ?? 1) - 1)}; ` +
      `pulumi up), then roll out again.`,
  );
}

/** Drift of every tier that is applied and shall stay, by tier. Nothing to measure costs nothing. */
async function measureDrift(
  session: Session,
  { tiers, rollout }: Release,
  { ledger }: Standing,
  throughTier: number,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const staying = tiers.filter(({ declaration: { tier } }) => tier <= throughTier && ledger.has(tier));
  if (!staying.length) return new Map();
  const snapshot = await takeSnapshot(session, [rollout.ledgerSchema]);
  const drift = new Map<number, readonly string[]>();
  for (const { declaration } of staying) {
    const row = ledger.get(declaration.tier);
    if (row) drift.set(declaration.tier, await findDrift(session, declaration, row, snapshot));
  }
  return drift;
}

function plannedTier(
  scripts: TierScripts,
  { ledger, pending, adopted }: Standing,
  reports: readonly TierReport[],
  drift: ReadonlyMap<number, readonly string[]>,
  parameters: Parameters,
): PlannedTier {
  const { tier, title } = scripts.declaration;
  const row = ledger.get(tier);
  const [first] = ledger.values();
  const writesNow = pending.some(({ declaration }) => writes(declaration));
  const reads = !writes(scripts.declaration) && first !== undefined && !(writesNow && pending.includes(scripts));
  const applied = row !== undefined || reads;
  const status = {
    applied,
    rolloutId: row?.rolloutId ?? (applied ? (first?.rolloutId ?? "") : ""),
    digest: row?.digest ?? "",
  };
  const known = reports.find((each) => each.tier === tier) ?? row?.report;
  const own =
    known ?? (adopted.length && !writes(scripts.declaration) ? takenOver(tier, title) : notReached(tier, title));
  const edited = row ? describeEdit(scripts, row, parameters) : "";
  return { scripts, status, report: own, drift: drift.get(tier) ?? [], edited };
}

/** How a tier's files and parameters differ from what the ledger says was applied; empty if they do not. */
function describeEdit(
  { declaration, apply, rollback, digest }: TierScripts,
  row: LedgerRow,
  parameters: Parameters,
): string {
  if (row.digest === digest) return "";
  const values = declaration.parameters
    .filter((name) => row.parameters[name] !== parameters[name])
    .map((name) => `parameter ${name}: was ${row.parameters[name] ?? "not set"}, is ${parameters[name] ?? "not set"}`);
  const texts = [
    row.applySql === apply.text ? [] : [textDiff("applied", declaration.apply, row.applySql, apply.text)],
    !rollback || row.rollbackSql === rollback.text
      ? []
      : [textDiff("recorded", rollback.name, row.rollbackSql, rollback.text)],
  ];
  return [...values, ...texts.flat()].join("\n");
}

/** A tier that only reads has nothing to take over. */
function takenOver(tier: number, title: string): TierReport {
  return { tier, title, verdict: "ADOPTED", gates: {}, delta: NO_DELTA, stops: [], rollback: "nothing to roll back" };
}

function notReached(tier: number, title: string): TierReport {
  const stops = [{ kind: "rehearsal" as const, text: `tier ${String(tier)} was not reached by the rehearsal` }];
  return { tier, title, verdict: "NOT REHEARSED", gates: {}, delta: NO_DELTA, stops, rollback: "not rehearsed" };
}

function judgeRun(
  { pending, doomed, ledger, adopted }: Standing,
  reports: readonly TierReport[],
  drift: ReadonlyMap<number, readonly string[]>,
  identity: ReleaseIdentity,
  wish: Wish,
): RunVerdict {
  const writesNow = pending.some(({ declaration }) => writes(declaration));
  const applies = writesNow || ledger.size === 0 ? pending.map(({ declaration }) => declaration.tier) : [];
  const adopts = adopted.map(({ declaration }) => declaration.tier);
  const judged = reports.filter(({ tier }) => applies.includes(tier) || adopts.includes(tier));
  const drifted = doomed.length ? [] : driftStops(drift);
  const stopped = judged.some(({ verdict }) => verdict === "STOP") || drifted.length > 0;
  const missing =
    applies.length + adopts.length > judged.length || judged.some(({ verdict }) => verdict === "NOT REHEARSED");
  return {
    verdict: stopped ? "STOP" : missing ? "NOT REHEARSED" : "PASS",
    applies,
    adopts,
    removes: doomed.map(({ scripts }) => scripts.declaration.tier),
    stops: [...drifted, ...judged.flatMap(({ stops }) => stops)],
    reversible: judged.filter(({ rollback }) => rollback === "exact").map(({ tier }) => tier),
    gates: Object.fromEntries(
      judged.flatMap(({ tier, gates }) => Object.entries(gates).map(([key, reading]) => [runKey(tier, key), reading])),
    ),
    ...identity,
    acceptedUnrehearsed: wish.acceptUnrehearsed,
  };
}

/** Drift that was not accepted, with the two ways out. A way down is never blocked by it here. */
function driftStops(drift: ReadonlyMap<number, readonly string[]>): Stop[] {
  return [...drift].flatMap(([tier, found]): Stop[] => {
    if (!found.length || isAccepted(tier, found)) return [];
    const ways =
      `Roll back to tier ${String(tier - 1)} and up again (pulumi config set throughTier ${String(tier - 1)}; pulumi up), ` +
      `or accept it as it is: ROLLOUT_ACCEPT=${acceptance(tier, found)}`;
    return [{ kind: "drift", text: `tier ${String(tier)} has drifted: ${found.join("; ")}. ${ways}` }];
  });
}
