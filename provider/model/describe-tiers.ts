/** Text about the tiers of a run beside each other, and about one beside its own rehearsal. */
import { bareName, describeContract, describeCount, describeDelta, list, tierLine } from "./describe";
import type { TierReport } from "./report";
import type { TierDeclaration } from "./rollout";

/** A tier's declaration with what was measured of it. */
interface ComparedTier {
  readonly scripts: { readonly declaration: TierDeclaration };
  readonly report: TierReport;
}

/** A line for every tier that the run applies, as rehearsed; `stopsTold` where the policies tell what stops it. */
export function rehearsedLines(tiers: readonly ComparedTier[], stopsTold: boolean): string {
  const reports = tiers.map(({ report }) => report);
  const of = (test: (report: TierReport) => boolean) => reports.filter(test).map(({ tier }) => tier);
  const lines = reports
    .filter(({ verdict }) => verdict !== "NOT REHEARSED")
    .map((report) =>
      report.verdict === "STOP" && stopsTold ? `Tier ${report.tier} (${report.title}): STOP` : tierLine(report),
    );
  const exact = of(({ rollback }) => rollback === "exact");
  const others = of(({ verdict }) => verdict === "NOT REHEARSED");
  if (exact.length) lines.push(`Rolled back once more, and exact: tiers ${exact.join(", ")}`);
  if (others.length && lines.length) lines.push(`Not reached: tiers ${others.join(", ")}`);
  return lines.join("\n");
}

/** Declared beside rehearsed, a pair of lines for every tier that the run came to. */
export function compareTiers(tiers: readonly ComparedTier[]): string {
  return tiers
    .filter(({ report }) => report.verdict !== "NOT REHEARSED")
    .map(
      ({ scripts: { declaration }, report }) =>
        `tier ${declaration.tier} ${declaration.title}\n  declared  ${describeContract(declaration.delta)}\n` +
        `  rehearsed ${describeDelta(report.delta)}; rollback ${report.rollback}`,
    )
    .join("\n");
}

/**
 * How a tier that holds to its contract differs from its own rehearsal a moment before: the application lives on between the
 * two. The declared range decides; the difference is only told. Empty where there is none.
 */
export function compareRehearsal({ tier, delta }: TierDeclaration, rehearsed: TierReport, applied: TierReport): string {
  if (rehearsed.verdict !== "PASS") return "";
  const [then, now] = [rehearsed.delta.rows, applied.delta.rows];
  const moved = Object.entries(delta.rows)
    .filter(([table]) => (then[table] ?? 0) !== (now[table] ?? 0))
    .map(
      ([table, { inserted }]) =>
        `${bareName(table)} declared +${describeCount(inserted)}, rehearsed +${then[table] ?? 0}, measured +${now[table] ?? 0}`,
    );
  return moved.length ? `Tier ${tier}: the database has moved on since the rehearsal: ${list(moved)}` : "";
}
