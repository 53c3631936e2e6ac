import type { Stop } from "../model/findings";
import type { TierReport } from "../model/report";
import type { LateContext } from "../execute/late-locks";
import { isInterrupted, isRetryable, mayNotWrite } from "../postgres/sqlstate";

/** A rehearsal under way, in the transaction that its session has open. The caller ends that with ROLLBACK. */
export interface Rehearsing extends LateContext {
  /** Milliseconds that its steps took, for the log only; each step adds its own. */
  readonly costs: Map<string, number>;
}

/** What no tier is to blame for: its guard, an interruption, a login that may not write, or another session that is in the way. */
export function endsRehearsal({ guard }: Rehearsing, error: unknown): boolean {
  return guard.refusal() !== undefined || isInterrupted(error) || mayNotWrite(error) || isRetryable(error);
}

/** Does a step and notes how long it took. */
export async function timed<T>({ costs }: Rehearsing, step: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  costs.set(step, Math.round(performance.now() - start));
  return result;
}

/** The report with more reasons to stop, if there are any. */
export function stopped(report: TierReport, stops: readonly Stop[]): TierReport {
  return stops.length ? { ...report, verdict: "STOP", stops: [...report.stops, ...stops] } : report;
}
