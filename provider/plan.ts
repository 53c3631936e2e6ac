import { messageOf, RolloutError } from "./errors";
import { judgeReadings } from "./gates";
import { guardHold } from "./hold";
import type { ReleaseIdentity, RunVerdict, TierStatus } from "./inputs";
import { type LedgerRow, readLedger } from "./ledger";
import { takeReadings } from "./readings";
import { type Cost, type Doomed, rehearseDown, rehearseUp } from "./rehearsal";
import type { Release, TierScripts } from "./release";
import { NO_DELTA, type Stop, type TierReport } from "./report";
import { type Readings, type Rollout, writes } from "./rollout";
import { connect, type Session, type Target } from "./session";
import { type Parameters, type RunOptions, sessionSettings } from "./settings";
import type { Log } from "./transaction";

/** What a run is asked to do. */
export interface Wish {
  /** The last tier that shall be applied; -1 rolls everything back. */
  readonly throughTier: number;
  readonly parameters: Parameters;
  readonly rehearse: boolean;
  readonly acceptUnrehearsed: string;
}

/** One tier of the run, with everything that its resource needs. */
export interface PlannedTier {
  readonly scripts: TierScripts;
  readonly status: TierStatus;
  readonly report: TierReport;
  /** The ledger's row of an applied tier. */
  readonly ledger?: LedgerRow;
}

/** The whole run, rehearsed. */
export interface Plan {
  readonly target: Target;
  readonly tiers: readonly PlannedTier[];
  readonly run: RunVerdict;
  readonly readings: Readings;
}

/** Where every tier stands, as the ledger has it. */
interface Standing {
  readonly ledger: ReadonlyMap<number, LedgerRow>;
  /** Tiers that this run applies, those that only read included. */
  readonly pending: readonly TierScripts[];
  readonly doomed: readonly Doomed[];
}

/**
 * Connects, takes the readings, asks the ledger and rehearses what the run would do, up or down, in one transaction
 * that is rolled back. Throws a RolloutError when the target is out of reach, when the ledger is broken, or when a
 * rollback that the run implies would be refused.
 */
export async function planRun(release: Release, identity: ReleaseIdentity, wish: Wish, options: RunOptions, log: Log): Promise<Plan> {
  const { rollout } = release;
  const session = await connect(sessionSettings(rollout, wish.parameters, options), "rollout rehearsal");
  try {
    const ledger = await readLedger(session, rollout);
    const standing = stand(release, ledger, wish.throughTier);
    const readings = await takeReadings(session, release.probe);
    const reports = wish.rehearse
      ? await rehearse(session, release, standing, wish, options, log)
      : unrehearsed(release, standing, wish, readings, "rehearsal is switched off");
    const tiers = release.tiers
      .filter(({ declaration }) => declaration.tier <= wish.throughTier)
      .map((scripts) => plannedTier(scripts, standing, reports));
    return { target: session.target, tiers, readings, run: judgeRun(standing, reports, identity, wish) };
  } finally {
    await session.close();
  }
}

function stand(release: Release, ledger: ReadonlyMap<number, LedgerRow>, throughTier: number): Standing {
  const wanted = release.tiers.filter(({ declaration }) => declaration.tier <= throughTier);
  const doomed = release.tiers.flatMap((scripts) => {
    const row = ledger.get(scripts.declaration.tier);
    return row && scripts.declaration.tier > throughTier ? [{ scripts, ledger: row }] : [];
  });
  const missing = wanted.filter(({ declaration }) => writes(declaration) && !ledger.has(declaration.tier));
  requireUnbroken(release.rollout, ledger);
  const pending = missing.length ? wanted.filter((scripts) => isPending(release.rollout, scripts, ledger)) : trailing(wanted);
  return { ledger, pending: doomed.length ? [] : pending, doomed };
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
      `changed. Roll the later tiers back first (pulumi config set throughTier ${String((writing[gap] ?? 1) - 1)}; pulumi up), then roll out again.`,
  );
}

async function rehearse(
  session: Session,
  release: Release,
  standing: Standing,
  wish: Wish,
  options: RunOptions,
  log: Log,
): Promise<TierReport[]> {
  if (!standing.pending.length && !standing.doomed.length) return [];
  const start = performance.now();
  const hold = await guardHold(session, options.holdBudget, log);
  let costs: readonly Cost[] = [];
  try {
    await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    if (standing.doomed.length) {
      costs = await rehearseDown(session, release, standing.doomed, hold);
      return [];
    }
    const rehearsal = await rehearseUp(session, release, standing.pending, wish.parameters, hold);
    costs = rehearsal.costs;
    return [...rehearsal.reports];
  } catch (error) {
    const refusal = hold.refusal();
    if (refusal) throw refusal;
    if (error instanceof RolloutError) throw error;
    throw new RolloutError(`The rehearsal failed: ${messageOf(error)}. Nothing was changed.`, undefined, { cause: error });
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
    const { locks, heldFor } = await hold.stop();
    const held = locks.map(({ table, mode }) => `${table} (${mode})`).join(", ");
    const parts = costs.map(({ step, milliseconds }) => `${step} ${String(milliseconds)} ms`).join(", ");
    log(
      `Rehearsed in ${String(Math.round(performance.now() - start))} ms and rolled back: ${parts}. ` +
        (held ? `Strong locks on existing tables, ${String(heldFor)} ms at most: ${held}.` : "No strong lock on an existing table."),
    );
  }
}

/** Reports from readings alone: entry gates of the first pending tier, nothing else is known. */
function unrehearsed(release: Release, { pending }: Standing, wish: Wish, readings: Readings, why: string): TierReport[] {
  return pending.map(({ declaration: { tier, title, gates } }, index) => {
    const judged = index ? [] : judgeReadings(release.rollout, gates, wish.parameters, readings);
    return { tier, title, verdict: "NOT REHEARSED", gates: judged, delta: NO_DELTA, stops: [{ kind: "failure", text: why }], rollback: "not rehearsed" };
  });
}

function plannedTier(scripts: TierScripts, { ledger, pending }: Standing, reports: readonly TierReport[]): PlannedTier {
  const { tier, title } = scripts.declaration;
  const row = ledger.get(tier);
  const [first] = ledger.values();
  const isReader = !writes(scripts.declaration);
  const writesNow = pending.some(({ declaration }) => writes(declaration));
  const applied = row !== undefined || (isReader && first !== undefined && !(writesNow && pending.includes(scripts)));
  const report = reports.find((each) => each.tier === tier) ?? row?.report ?? notReached(tier, title);
  const status = {
    applied,
    rolloutId: row?.rolloutId ?? (applied ? (first?.rolloutId ?? "") : ""),
    digest: row?.digest ?? "",
  };
  return { scripts, status, report, ...(row && { ledger: row }) };
}

function notReached(tier: number, title: string): TierReport {
  const stops: Stop[] = [{ kind: "failure", text: `tier ${String(tier)} was not reached by the rehearsal` }];
  return { tier, title, verdict: "NOT REHEARSED", gates: [], delta: NO_DELTA, stops, rollback: "not rehearsed" };
}

function judgeRun(standing: Standing, reports: readonly TierReport[], release: ReleaseIdentity, wish: Wish): RunVerdict {
  const writesNow = standing.pending.some(({ declaration }) => writes(declaration));
  const firstRun = standing.ledger.size === 0;
  const applies = writesNow || firstRun ? standing.pending.map(({ declaration }) => declaration.tier) : [];
  const judged = reports.filter(({ tier }) => applies.includes(tier));
  const stops = judged.flatMap(({ stops: reasons }) => reasons);
  const missing = applies.length > judged.length || judged.some(({ verdict }) => verdict === "NOT REHEARSED");
  return {
    verdict: judged.some(({ verdict }) => verdict === "STOP") ? "STOP" : missing ? "NOT REHEARSED" : "PASS",
    applies,
    removes: standing.doomed.map(({ scripts }) => scripts.declaration.tier),
    stops,
    reversible: judged.filter(({ rollback }) => rollback === "exact").map(({ tier }) => tier),
    gates: judged.flatMap(({ tier, gates }) => gates.map((gate) => ({ ...gate, tier }))),
    ...release,
    acceptedUnrehearsed: wish.acceptUnrehearsed,
  };
}
