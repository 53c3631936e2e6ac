import type { Context } from "../context";
import { NO_DELTA } from "../model/delta";
import { textDiff } from "../model/describe";
import type { Parameters } from "../model/gates";
import type { TierReport } from "../model/report";
import { isFirstTier, tierBefore, type TierDeclaration, writes } from "../model/rollout";
import type { TierStatus } from "../model/tier-inputs";
import { recordedEntry } from "../execute/adopt";
import type { LedgerRow } from "../ledger/ledger";
import type { TierScripts } from "../release/release";
import type { LedgerStatus } from "./pending";
import { notRehearsed } from "./rehearsal";

/** One tier of the run, with everything that its resource needs. */
export interface PlannedTier {
  readonly scripts: TierScripts;
  readonly status: TierStatus;
  readonly report: TierReport;
  /** How an applied tier differs from what was applied, in the database. */
  readonly drift: readonly string[];
  /** How the files of an applied tier differ from what was applied. */
  readonly edited: string;
  /** The tier that runs before it; none before the first. */
  readonly before: number | undefined;
}

/** Puts together what is known of one tier; `reports` are those of the tiers that the rehearsal reached. */
export function plannedTier(
  context: Context,
  scripts: TierScripts,
  status: LedgerStatus,
  reports: readonly TierReport[],
): PlannedTier {
  const { tier } = scripts.declaration;
  const row = status.ledger.get(tier);
  return {
    scripts,
    status: statusOf(scripts, status),
    report: reports.find((each) => each.tier === tier) ?? row?.report ?? knownReport(context, scripts, status),
    drift: status.drift.get(tier) ?? [],
    edited: row ? describeEdit(scripts, row, context.parameters) : "",
    before: tierBefore(context.release.rollout, tier),
  };
}

/** What the ledger says of a tier. One that only reads has no row: it is applied while no tier is left to be written. */
function statusOf(scripts: TierScripts, { ledger, pending }: LedgerStatus): TierStatus {
  const row = ledger.get(scripts.declaration.tier);
  if (row) {
    const { rolloutId, digest, hash, earlier, release } = row;
    return {
      applied: true,
      rolloutId,
      digest,
      ledgerHash: hash,
      ...(earlier.length && { earlierHashes: earlier }),
      ...(release !== null && { release }),
    };
  }
  const [first] = ledger.values();
  const writesNow = pending.some(({ declaration }) => writes(declaration));
  const applied = !writes(scripts.declaration) && first !== undefined && !(writesNow && pending.includes(scripts));
  return { applied, rolloutId: applied ? first.rolloutId : "", digest: "" };
}

/** The report of a tier that neither the rehearsal reached nor the ledger holds. */
function knownReport(context: Context, { declaration }: TierScripts, { ledger, adopted }: LedgerStatus): TierReport {
  const [first] = ledger.values();
  if (first && isFirstTier(context.release.rollout, declaration.tier)) {
    return recordedEntry(context, declaration, first);
  }
  return adopted.length && !writes(declaration) ? takenOver(declaration) : notRehearsed(declaration, "not reached");
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
  const applied = row.applySql === apply.text ? [] : [textDiff("applied", declaration.apply, row.applySql, apply.text)];
  const recorded =
    !rollback || row.rollbackSql === rollback.text
      ? []
      : [textDiff("recorded", rollback.name, row.rollbackSql, rollback.text)];
  return [...values, ...applied, ...recorded].join("\n");
}

/** A tier that only reads has nothing to take over. */
function takenOver({ tier, title }: TierDeclaration): TierReport {
  return { tier, title, verdict: "ADOPTED", gates: {}, delta: NO_DELTA, stops: [], rollback: "nothing to roll back" };
}
