import { show } from "./readings";
import type { MeasuredDelta, TierReport } from "./report";
import type { DeltaContract, TierDeclaration } from "./rollout";

/** What a tier changed, in one line that reads the same rehearsed and applied. */
export function describeReport(report: TierReport): string {
  switch (report.verdict) {
    case "PASS":
      return `as declared, ${String(Object.keys(report.gates).length)} gates passed: ${describeDelta(report.delta)}`;
    case "ADOPTED":
      return `adopted as it is, way back not rehearsed: ${describeDelta(report.delta)}`;
    case "NOT REHEARSED":
      return `NOT REHEARSED: ${reasons(report)}`;
    case "STOP":
      return `STOP: ${reasons(report)} | measured: ${describeDelta(report.delta)}`;
  }
}

function reasons({ stops }: TierReport): string {
  return stops.map(({ text }) => text).join("; ");
}

/** What a tier changed in one line that the CLI does not cut: rows in many tables are told by their number. */
export function summarizeReport(report: TierReport): string {
  const full = describeReport(report);
  const { rows } = report.delta;
  const fits = full.length <= OUTPUT_WIDTH;
  if (fits || (report.verdict !== "PASS" && report.verdict !== "ADOPTED")) return full;
  const inserted = Object.values(rows).reduce((sum, count) => sum + count, 0);
  const tables = String(Object.keys(rows).length);
  return describeReport({ ...report, delta: { ...report.delta, rows: { [`rows in ${tables} tables`]: inserted } } });
}

/** Width at which the CLI cuts a string under Outputs. */
const OUTPUT_WIDTH = 150;

/** Objects, rows and readings of a delta, such as `+30 governance_object_ownership, ownership_gap 210 → 0`. */
export function describeDelta({ objects, rows, readings }: MeasuredDelta): string {
  return list([
    ...Object.entries(objects).map(([kind, count]) => countObjects(kind, count)),
    ...Object.entries(rows).map(([table, inserted]) => `+${String(inserted)} ${bareName(table)}`),
    ...Object.entries(readings)
      .filter(([, moved]) => !/^(.*) → \1$/.test(moved))
      .map(([name, moved]) => `${name} ${moved}`),
  ]);
}

/** The same of a declared delta. */
export function describeContract({ objects, rows, readings }: DeltaContract): string {
  const sorted = <T>(entries: Readonly<Record<string, T>>) =>
    Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
  return list([
    ...sorted(objects as Readonly<Record<string, readonly string[]>>).map(([kind, names]) =>
      countObjects(kind, names.length),
    ),
    ...sorted(rows)
      .filter(([, { inserted }]) => inserted !== 0)
      .map(([table, { inserted }]) => `+${range(inserted)} ${bareName(table)}`),
    ...sorted(readings)
      .filter(([, { before, after }]) => before !== after)
      .map(([name, { before, after }]) => `${name} ${show(before)} → ${range(after)}`),
  ]);
}

/** What the exit gates of a tier measured, by name: of the closing verification this is the end state. */
export function exitReadings({ gates }: TierReport): Record<string, number | string> {
  const exit = Object.entries(gates).filter(([key]) => key.startsWith("exit "));
  return Object.fromEntries(exit.map(([key, reading]) => [key.split(" ")[1] ?? key, reading]));
}

/** Declared beside rehearsed, a pair of lines for every tier that the run applies. */
export function compareTiers(tiers: readonly { declaration: TierDeclaration; report: TierReport }[]): string {
  const reached = tiers.filter(({ report }) => report.verdict !== "NOT REHEARSED");
  const others = tiers.filter(({ report }) => report.verdict === "NOT REHEARSED").map(({ report }) => report.tier);
  const compared = reached.map(({ declaration, report }) => {
    const differs = report.verdict === "PASS" ? "" : `\n  ${describeReport(report)}`;
    return (
      `tier ${String(declaration.tier)} ${declaration.title}\n  declared  ${describeContract(declaration.delta)}\n` +
      `  rehearsed ${describeDelta(report.delta)}; rollback ${report.rollback}${differs}`
    );
  });
  return [...compared, ...(others.length ? [`not rehearsed: tiers ${others.join(", ")}`] : [])].join("\n");
}

/** A table's name without its schema. */
export function bareName(table: string): string {
  return table.slice(table.indexOf(".") + 1);
}

function list(parts: readonly string[]): string {
  return parts.length ? parts.join(", ") : "no change";
}

function countObjects(kind: string, count: number): string {
  return `+${String(count)} ${kind}${count === 1 ? "" : "s"}`;
}

function range(value: DeltaContract["readings"][string]["after"]): string {
  return typeof value === "object" && value !== null ? `${String(value.from)}…${String(value.to)}` : show(value);
}
