/**
 * The one module that makes text of data: what a gate, a delta, a stop or a report says to people. Everywhere else
 * they are values with fields. The words are the same rehearsed and applied, so that a second `up` changes no output.
 */
import type { AccessFinding } from "./access";
import { PULUMI, rollBackTo } from "./command";
import type { MeasuredDelta } from "./delta";
import type { Finding, Stop } from "./findings";
import { inLine } from "./harmless";
import type { BoundGate, GateResult } from "./gates";
import type { TierReport } from "./report";
import {
  bare,
  type DeltaContract,
  type Reading,
  type ReadingContract,
  type RowCount,
  type RowCounters,
} from "./rollout";

/** Width at which the CLI cuts a string under Outputs. */
const OUTPUT_WIDTH = 150;

/** Width of a line that a terminal of 100 columns shows whole under Diagnostics, where it is indented. */
const LINE_WIDTH = 96;

/** A reading as it is shown: null means that it could not be measured. */
export function show(reading: Reading | undefined): string {
  return reading === null || reading === undefined ? "not measured" : inLine(String(reading));
}

/** What a gate expects, as the SQL files write it: `= 210`, `in 0,43`. */
export function describeCondition({ operator, expected }: Pick<BoundGate, "operator" | "expected">): string {
  return `${operator} ${expected}`;
}

/** A gate with its tier, position, condition and what it measured. */
export function describeGate(gate: GateResult): string {
  const { tier, at, name, measured } = gate;
  return `tier ${tier} ${at} gate ${name}: expected ${describeCondition(gate)}, measured ${abridged(show(measured))}`;
}

/** How long what was measured may be in a line for people; the whole is in `npm run gate -- --json`. */
const MEASURED_WIDTH = 150;

/** A long list with the number of what is left out. */
function abridged(text: string): string {
  if (text.length <= MEASURED_WIDTH) return text;
  const end = text.lastIndexOf(", ", MEASURED_WIDTH);
  if (end < 0) return text;
  return `${text.slice(0, end)}, and ${text.slice(end + 2).split(", ").length} more`;
}

/** One reason not to go on, naming the tier. */
export function describeStop({ kind, tier, finding }: Stop): string {
  if (finding.is === "failed gate") return adopting(kind) + describeGate(finding);
  if (finding.is === "drift") return describeDrift(tier, finding);
  const text = describeFinding(finding);
  return kind === "rollback" ? `rollback of tier ${tier}: ${text}` : `${adopting(kind)}tier ${tier} ${text}`;
}

function adopting(kind: Stop["kind"]): string {
  return kind === "adoption" ? "cannot be adopted: " : "";
}

/** The texts of stops under a heading for people. */
export function listStops(stops: readonly Stop[]): string {
  return stops.map((stop) => `  - ${describeStop(stop)}`).join("\n");
}

/** Drift that was not accepted, with the two ways out. */
function describeDrift(tier: number, { differences, acceptance, before }: Extract<Finding, { is: "drift" }>): string {
  const where = before === undefined ? "Roll back" : `Roll back to tier ${before}`;
  return (
    `tier ${tier} has drifted: ${differences.join("; ")}. ${where} and up again (${rollBackTo(before)}), ` +
    `or accept it as it is: ROLLOUT_ACCEPT=${acceptance}`
  );
}

/** What was found, without the tier it was found on. Names are those of others: only what has lines of its own keeps them. */
export function describeFinding(finding: Finding): string {
  const words = wordsOf(finding);
  return finding.is === "failure" || finding.is === "drift" ? words : inLine(words);
}

function wordsOf(finding: Finding): string {
  switch (finding.is) {
    case "failed gate":
      return describeGate(finding);
    case "missing object":
      return `declared but not created: ${finding.object}`;
    case "undeclared object":
      return `undeclared: ${finding.object} was created`;
    case "undeclared drop":
      return `undeclared: ${finding.object} was dropped`;
    case "undeclared change":
      return `undeclared: ${finding.object} was altered`;
    case "unchanged object":
      return `declared to change, but defined as before: ${finding.object}`;
    case "change not recorded":
      return `changes ${finding.object}, and nobody recorded how that was defined before: roll the tier back by psql, take over what comes before it, and apply it then`;
    case "undeclared touch":
      return `undeclared: ${finding.object} was ${finding.object.startsWith("sequence ") ? "moved" : "written to, or locked for it, and the server counted nothing"}`;
    case "undeclared lock":
      return `undeclared: table ${finding.table} was locked (${finding.mode}), so that others wait until the end`;
    case "behind a lock":
      return `${finding.object} was made or changed behind a statement that locks a table of others: that statement must stand last in its file`;
    case "undeclared rewrite":
      return `undeclared: table ${finding.table} was truncated or rewritten`;
    case "undeclared write":
      return `undeclared write in ${finding.table}: expected ${describeAllowed(finding)}, measured ${describeWritten(finding.written)}`;
    case "rows not only inserted":
      return `${finding.table}: expected only inserted rows, measured ${describeWritten(finding.written)}`;
    case "row count":
      return `${finding.table}: expected +${describeCount(finding.expected)} rows, measured +${finding.measured}`;
    case "reading":
      return `reading ${finding.name}: expected ${describeContractedReading(finding.expected)}, measured ${show(finding.measured.before)} to ${show(finding.measured.after)}`;
    case "invariant":
      return describeInvariant(finding);
    case "rows not restored":
      return `not restored: ${finding.table}: expected ${finding.expected} own rows as at entry, found ${finding.measured}`;
    case "definitions not restored":
      return "not restored: its objects are not defined as at entry";
    case "object remains":
      return `not restored: ${finding.object} still exists`;
    case "object not restored":
      return `not restored: ${finding.object} is not what it was`;
    case "object not there":
      return `${finding.object} is missing`;
    case "own rows":
      return `${finding.table} holds ${finding.measured} own rows, not what is declared`;
    case "drift":
      return finding.differences.join("; ");
    case "failure":
      return finding.message;
    case "access":
      return describeAccess(finding.difference);
    case "not approved":
      return describeNotApproved(finding);
    case "no roles":
      return `is not applied: this database has no roles of its own for a rollout, and the configuration demands them. See access/README.md; for a database without them: ${PULUMI} config set access optional`;
    case "not rehearsed":
      return "was not rehearsed";
    case "not reached":
      return "was not reached by the rehearsal";
  }
}

function describeNotApproved({ wanted, approval }: Extract<Finding, { is: "not approved" }>): string {
  const found = approval
    ? `the approval in force is of release ${approval.release} under ${approval.request}, given by ${approval.approvedBy}`
    : "no approval is in force";
  return `is not applied: expected an approval of release ${wanted.release} under ${wanted.request}, found that ${found}. Ask an approver`;
}

function describeInvariant({ name, measured }: Extract<Finding, { is: "invariant" }>): string {
  const { before = null, after = null } = measured;
  return before === null || after === null
    ? `invariant ${name} could not be measured`
    : `invariant ${name}: expected to stay ${before}, measured ${after}`;
}

function describeAllowed({ mayDelete }: Extract<Finding, { is: "undeclared write" }>): string {
  return mayDelete === undefined ? "none" : `${mayDelete} deleted`;
}

function describeWritten({ inserted, updated, deleted }: RowCounters): string {
  return `${inserted} inserted, ${updated} updated, ${deleted} deleted`;
}

function describeContractedReading({ before, after }: ReadingContract): string {
  return `${show(before)} to ${describeEnd(after)}`;
}

function describeEnd(value: ReadingContract["after"]): string {
  return typeof value === "object" && value !== null ? describeCount(value) : show(value);
}

/** A number of rows, or the range that it has to lie in. */
export function describeCount(count: RowCount): string {
  return typeof count === "number" ? String(count) : `${count.from}…${count.to}`;
}

/** What a tier changed, in one line that reads the same rehearsed and applied. */
export function describeReport(report: TierReport): string {
  const reasons = report.stops.map(describeStop).join("; ");
  switch (report.verdict) {
    case "PASS":
      return `as declared, ${countGates(report)} gates passed: ${describeDelta(report.delta)}`;
    case "ADOPTED":
      return `adopted as it is, way back not rehearsed: ${describeDelta(report.delta)}`;
    case "NOT REHEARSED":
      return `NOT REHEARSED: ${reasons}`;
    case "STOP":
      return `STOP: ${reasons} | measured: ${describeDelta(report.delta)}`;
  }
}

/** What a tier changed in one line that the CLI does not cut: rows in many tables are told by their number. */
export function summarizeReport(report: TierReport, width = OUTPUT_WIDTH): string {
  const full = describeReport(report);
  const { rows } = report.delta;
  const asShort = full.length <= width || Object.keys(rows).length < 2;
  if (asShort || (report.verdict !== "PASS" && report.verdict !== "ADOPTED")) return full;
  const inserted = Object.values(rows).reduce((sum, count) => sum + count, 0);
  const tables = Object.keys(rows).length;
  return describeReport({ ...report, delta: { ...report.delta, rows: { [`rows in ${tables} tables`]: inserted } } });
}

/** What a tier came to, in one line of its own at a terminal. */
export function tierLine(report: TierReport): string {
  const name = `Tier ${report.tier} (${report.title})`;
  const line = summarizeReport(report, LINE_WIDTH - name.length - 2);
  if (report.verdict !== "PASS" && report.verdict !== "ADOPTED") return `${name}: ${line}`;
  // What was judged is said whole, and of what it did as much as fits.
  const did = line.indexOf(": ") + 2;
  return fitting(`${name}: ${line.slice(0, did)}`, line.slice(did).split(", "));
}

/** As many parts as a line at a terminal holds, and how many more there are. */
export function fitting(start: string, parts: readonly string[]): string {
  for (let shown = parts.length; shown > 0; shown--) {
    const more = parts.length - shown;
    const line = `${start}${parts.slice(0, shown).join(", ")}${more ? ` and ${more} more` : ""}`;
    if (line.length <= LINE_WIDTH) return line;
  }
  return start + (parts.length > 1 ? `${parts[0] ?? ""} …` : parts.join(", "));
}

/** Objects, rows and readings of a delta, such as `~1 view, +30 governance_object_ownership, ownership_gap 210 → 0`. */
export function describeDelta({ objects, changes = {}, rows, readings }: MeasuredDelta): string {
  return list([
    ...Object.entries(objects).map(([kind, count]) => countObjects("+", kind, count)),
    ...Object.entries(changes).map(([kind, count]) => countObjects("~", kind, count)),
    ...Object.entries(rows).map(([table, inserted]) => `+${inserted} ${bareName(table)}`),
    ...Object.entries(readings)
      .map(([name, { before, after }]) => [name, show(before), show(after)] as const)
      .filter(([, before, after]) => before !== after)
      .map(([name, before, after]) => `${name} ${before} → ${after}`),
  ]);
}

type Named = Readonly<Record<string, readonly string[]>>;

/** The same of a declared delta. */
export function describeContract({ objects, changes = {}, rows, readings }: DeltaContract): string {
  const sorted = <T>(entries: Readonly<Record<string, T>>) =>
    Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
  return list([
    ...sorted(objects as Named).map(([kind, names]) => countObjects("+", kind, names.length)),
    ...sorted(changes as Named).map(([kind, names]) => countObjects("~", kind, names.length)),
    ...sorted(rows)
      .filter(([, { inserted }]) => inserted !== 0)
      .map(([table, { inserted }]) => `+${describeCount(inserted)} ${bareName(table)}`),
    ...sorted(readings)
      .filter(([, { before, after }]) => before !== after)
      .map(([name, { before, after }]) => `${name} ${show(before)} → ${describeEnd(after)}`),
  ]);
}

function countGates({ gates }: TierReport): number {
  return Object.values(gates).reduce((sum, readings) => sum + Object.keys(readings).length, 0);
}

/** A table's name without its schema, as it is shown. */
export function bareName(table: string): string {
  return inLine(bare(table));
}

/** A unified diff with one line of context and no header. */
export function textDiff(oldName: string, newName: string, old: string, now: string): string {
  // Loaded when there is a difference to show: every other run would only wait for it.
  const { createTwoFilesPatch } = require("diff") as typeof import("diff");
  const patch = createTwoFilesPatch(oldName, newName, `${old}\n`, `${now}\n`, undefined, undefined, { context: 1 });
  return patch.split("\n").slice(1).join("\n").trimEnd();
}

/** Parts in one line; of none, that nothing changed. */
export function list(parts: readonly string[]): string {
  return parts.length ? parts.join(", ") : "no change";
}

function countObjects(sign: "+" | "~", kind: string, count: number): string {
  return `${sign}${count} ${kind}${count === 1 ? "" : "s"}`;
}

const ACCESS_PROBLEMS: Readonly<Record<AccessFinding["problem"], string>> = {
  undeclared: "is not declared",
  missing: "is declared and not there",
  changed: "is not as declared",
  refused: "is refused for the login of a rollout",
};

/** One difference between declared and actual rights, with role, privilege and object. */
export function describeAccess({ problem, role, privilege, object }: AccessFinding): string {
  return `${role}: ${privilege}${object && ` on ${object}`} ${ACCESS_PROBLEMS[problem]}`;
}
