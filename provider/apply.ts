import { breaches, invariantBreaches, measureDelta } from "./contract";
import { codeOf, GATE_REFUSED, isDatabaseError, messageOf, RolloutError } from "./errors";
import { failedGates, gateReadings, reachedPositions } from "./gates";
import { takeReadings } from "./readings";
import type { Release, TierScripts } from "./release";
import { listStops, type MeasuredDelta, NO_DELTA, type Stop, type StopKind, type TierReport } from "./report";
import type { Readings, TierDeclaration } from "./rollout";
import type { Script, Statement } from "./script";
import type { Notice, Session } from "./session";
import type { Parameters } from "./settings";
import { changes, type Snapshot, takeSnapshot } from "./snapshot";

/** What is known of the database between two tiers of one transaction. */
export interface Moment {
  readonly snapshot: Snapshot;
  readonly readings: Readings;
}

/** A tier that ran to its end inside the open transaction: its report, and the moment after it. */
export interface Applied {
  readonly report: TierReport;
  readonly after: Moment;
}

/** Which readings a moment between these tiers needs: invariants and what their contracts name, nothing dearer. */
export function neededReadings(release: Release, ...tiers: readonly (TierDeclaration | undefined)[]): string[] {
  const contracted = tiers.flatMap((tier) => Object.keys(tier?.delta.readings ?? {}));
  return [...new Set([...release.rollout.invariants, ...contracted])];
}

/** Takes the snapshot and the readings of this moment. */
export async function takeMoment(session: Session, release: Release, names: readonly string[]): Promise<Moment> {
  const snapshot = await takeSnapshot(session, [release.rollout.ledgerSchema]);
  return { snapshot, readings: await takeReadings(session, release.probe, names) };
}

/**
 * Runs a tier's file in the transaction that `session` has open, statement by statement, and measures it.
 * Nothing is committed. `before` is the moment at its entry; `next` the tier that follows, whose readings the moment
 * after it takes as well; `rehearsed` holds ranges to what was rehearsed.
 * Throws a TierRefused with the report so far when a statement fails: the transaction is then aborted.
 */
export async function applyTier(
  session: Session,
  release: Release,
  scripts: TierScripts,
  parameters: Parameters,
  before: Moment,
  { next, rehearsed }: { next?: TierDeclaration | undefined; rehearsed?: MeasuredDelta | undefined },
): Promise<Applied> {
  const { declaration } = scripts;
  // The contract below says more than the file could, and of all tiers that a rehearsal reaches.
  await tell(session, release, "deltas", "measured");
  const notices = await runTier(session, release, scripts, parameters);
  const after = await takeMoment(session, release, neededReadings(release, declaration, next));
  const moved = changes(before.snapshot, after.snapshot);
  const gates = gateReadings(release.rollout, declaration, parameters, notices);
  const delta = measureDelta(declaration.delta, moved, before.readings, after.readings);
  const stops: Stop[] = [
    ...asStops("gate", failedGates(release.rollout, declaration, parameters, gates)),
    ...say(declaration, "delta", breaches(declaration, moved, before.readings, after.readings, rehearsed)),
    ...say(declaration, "invariant", invariantBreaches(release.rollout, before.readings, after.readings)),
  ];
  const verdict = stops.length ? "STOP" : "PASS";
  return { report: { ...head(declaration), verdict, gates, delta, stops, rollback: "not rehearsed" }, after };
}

/** Tells the SQL files what the caller does itself: a setting until the transaction ends, under the name of their notices. */
export async function tell(session: Session, { rollout }: Release, what: string, value: string): Promise<void> {
  await session.query("SELECT set_config($1, $2, true)", [`${rollout.noticeSchema}.${what}`, value]);
}

/** Reasons as stops of one kind, each naming the tier. */
function say({ tier }: TierDeclaration, kind: StopKind, texts: readonly string[]): Stop[] {
  return asStops(
    kind,
    texts.map((text) => `tier ${String(tier)} ${text}`),
  );
}

function asStops(kind: StopKind, texts: readonly string[]): Stop[] {
  return texts.map((text) => ({ kind, text }));
}

function head({ tier, title }: TierDeclaration): Pick<TierReport, "tier" | "title"> {
  return { tier, title };
}

async function runTier(
  session: Session,
  { rollout }: Release,
  { declaration, apply }: TierScripts,
  parameters: Parameters,
): Promise<Notice[]> {
  session.takeNotices();
  try {
    await runScript(session, apply);
    return session.takeNotices();
  } catch (error) {
    const notices = session.takeNotices();
    if (!isDatabaseError(error) && !(error instanceof RolloutError)) throw error;
    const gates = gateReadings(rollout, declaration, parameters, notices);
    const failed = failedGates(rollout, declaration, parameters, gates, reachedPositions(declaration, notices));
    const reason = codeOf(error) === GATE_REFUSED && failed.length > 0 ? [] : [messageOf(error)];
    const stops = [...asStops("gate", failed), ...say(declaration, "failure", reason)];
    const report: TierReport = {
      ...head(declaration),
      ...{ verdict: "STOP", gates, delta: NO_DELTA, stops, rollback: "not rehearsed" },
    };
    throw new TierRefused(report, error);
  }
}

/** Sends the statements of a script one at a time, then has every deferred constraint checked. */
export async function runScript(session: Session, script: Script): Promise<void> {
  for (const statement of script.statements) {
    try {
      await session.query(statement.sql);
    } catch (error) {
      throw located(script, statement, error);
    }
  }
  await session.query("SET CONSTRAINTS ALL IMMEDIATE");
}

/** Adds file and line to what the server said; a refused gate speaks for itself. */
function located(script: Script, { sql, line, file = script.name }: Statement, error: unknown): unknown {
  if (!isDatabaseError(error) || error.code === GATE_REFUSED) return error;
  const before = sql.slice(0, Math.max(0, Number(error.position ?? 1) - 1));
  const at = line + (before.match(/\n/g)?.length ?? 0);
  const detail = [error.detail, error.hint]
    .filter(Boolean)
    .map((text) => ` ${String(text)}`)
    .join("");
  return new RolloutError(`${file} line ${String(at)}: ${error.message}${detail}`, error.code, { cause: error });
}

/** A tier stopped inside its file; the transaction is aborted and nothing of it stays. */
export class TierRefused extends RolloutError {
  constructor(
    readonly report: TierReport,
    cause: unknown,
  ) {
    super(
      `Tier ${String(report.tier)} (${report.title}) refused, nothing was changed:\n${listStops(report.stops)}`,
      codeOf(cause),
      { cause },
    );
  }
}
