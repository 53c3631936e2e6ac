import { textDiff } from "./drift";
import { gateReadingsFrom } from "./gates";
import type { TierStatus } from "./inputs";
import type { LedgerRow } from "./ledger";
import type { TierScripts } from "./release";
import { NO_DELTA, type TierReport } from "./report";
import { isFirstTier, type Rollout, type TierDeclaration, writes } from "./rollout";
import type { Parameters } from "./settings";
import type { Standing } from "./stand";

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

/** Puts together what is known of one tier. */
export function plannedTier(
  rollout: Rollout,
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
  const begun = isFirstTier(rollout, tier) && first;
  const own =
    reports.find((each) => each.tier === tier) ??
    row?.report ??
    (begun ? reportFromLedger(rollout, scripts.declaration, parameters, first) : undefined) ??
    (adopted.length && !writes(scripts.declaration) ? takenOver(tier, title) : notReached(tier, title));
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

/** The first tier's gates as they were when the rollout began, from the readings kept with the first ledger row. */
export function reportFromLedger(
  rollout: Rollout,
  { tier, title, gates }: TierDeclaration,
  parameters: Parameters,
  { readings }: LedgerRow,
): TierReport {
  const measured = gateReadingsFrom(rollout, gates, parameters, readings);
  return {
    tier,
    title,
    verdict: "PASS",
    gates: measured,
    delta: NO_DELTA,
    stops: [],
    rollback: "nothing to roll back",
  };
}
