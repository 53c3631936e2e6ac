import { show } from "./readings";
import type { MeasuredDelta, TierReport } from "./report";

/** What a tier changed, in one line that reads the same rehearsed and applied. */
export function describeReport(report: TierReport): string {
  const gates = report.gates.length ? `${String(report.gates.length)} gates` : "no gates";
  switch (report.verdict) {
    case "PASS":
      return `as declared, ${gates} passed: ${describeDelta(report.delta)}`;
    case "NOT REHEARSED":
      return "not rehearsed";
    case "STOP":
      return `STOP: ${report.stops.map(({ text }) => text).join("; ")} | measured: ${describeDelta(report.delta)}`;
  }
}

/** Objects, rows and readings of a delta, such as `+30 governance_object_ownership, ownership_gap 210 → 0`. */
export function describeDelta({ objects, rows, readings }: MeasuredDelta): string {
  const parts = [
    ...Object.entries(objects).map(([kind, names]) => `+${String(names.length)} ${kind}${names.length === 1 ? "" : "s"}`),
    ...Object.entries(rows).map(([table, { inserted, updated, deleted }]) => {
      const counts = [inserted && `+${String(inserted)}`, updated && `~${String(updated)}`, deleted && `-${String(deleted)}`];
      return `${counts.filter(Boolean).join(" ")} ${table.replace(/^public\./, "")}`;
    }),
    ...Object.entries(readings)
      .filter(([, { before, after }]) => before !== after)
      .map(([name, { before, after }]) => `${name} ${show(before)} → ${show(after)}`),
  ];
  return parts.length ? parts.join(", ") : "no change";
}
