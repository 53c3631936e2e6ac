import { inLine } from "../../provider/model/harmless";
import type { Options } from "../options";
import { type Line, linesOf, longWaits, percentile } from "./figures";
import { blameOf, duration, type Request } from "./request";
import type { Stretch } from "./stretch";

/** What an application may notice by the design: nothing fails, nothing waits longer (milliseconds), its p99 grows no further. */
const GOAL = { worst: 250, ratio: 1.2 };

/** From how long on it is told whom a request waited for, in milliseconds. */
const LONG_MS = 200;

/** Prints what was measured, and what of the goal it meets. */
export function report(stretches: readonly Stretch[], options: Options): void {
  const { application, rate, rounds, scale, beside, apart } = options;
  const also = [
    ...(beside.length ? [`, beside it ${beside.join(" and ")}`] : []),
    ...(apart ? [", commands on a processor of their own"] : []),
  ].join("");
  console.log(
    `\nAn application of 10 writers and 10 readers (${application}), ${rate} requests a second each, at scale ${scale}, rounds: ${rounds}${also}`,
  );
  const lines = linesOf(stretches);
  print(
    "Milliseconds while the command runs, while it runs on another database of the server, and without it",
    tableOf(lines),
  );
  print(`Waited for more than ${LONG_MS} ms`, waitsOf(stretches));
  print("Errors of the application", errorsOf(stretches));
  print("Against the goal", judge(lines, stretches, scale));
}

function print(title: string, rows: readonly string[]): void {
  console.log(`\n  ${title}`);
  for (const row of rows.length ? rows : ["none"]) console.log(`    ${row}`);
}

/** One line for each command and kind. */
export function tableOf(lines: readonly Line[]): string[] {
  const cells = (values: readonly (number | string)[], digits = 1) =>
    values.map((value) => (typeof value === "number" ? value.toFixed(digits) : value).padStart(9)).join("");
  const width = Math.max(...lines.map(({ command }) => command.length)) + "  writer".length;
  return [
    "".padEnd(width) + cells(["", "", "", "running", "", "", "elsewhere", "", "without", "", "p99 ÷", "p99 ÷"]),
    "".padEnd(width) +
      cells(["requests", "errors", "p50", "p99", "worst", "p99", "worst", "p99", "worst", "", "elsewhere", "without"]),
    ...lines.map(({ command, kind, during, elsewhere, without }) => {
      const times = [during.p50, ...[during, elsewhere, without].flatMap(({ p99, worst }) => [p99, worst])];
      const ratios = [elsewhere, without].map(({ p99 }) => during.p99 / p99);
      return (
        `${command}  ${kind}`.padEnd(width) +
        cells([during.requests, during.errors], 0) +
        cells(times) +
        cells([""]) +
        cells(ratios, 2)
      );
    }),
  ];
}

function waitsOf(stretches: readonly Stretch[]): string[] {
  return longWaits(stretches, LONG_MS).map(({ command, what, lock, whom, ours, requests, worst }) => {
    const cause =
      whom === undefined ? "for nobody that was seen: the machine" : `for ${ours ? "us, " : ""}${inLine(whom)}`;
    const on = lock === undefined ? "" : `, lock on ${inLine(lock)}`;
    return `${requests} × ${what}, ${worst.toFixed(0)} ms at most, in ${command}: ${cause}${on}`;
  });
}

/** Each text once, with how often it was said. */
function errorsOf(stretches: readonly Stretch[]): string[] {
  const texts = new Map<string, number>();
  for (const { command, during, elsewhere, without } of stretches) {
    const found = [
      during.map((each) => ({ each, when: `in ${command}` })),
      elsewhere.map((each) => ({ each, when: `beside ${command} on another database` })),
      without.map((each) => ({ each, when: "without a command" })),
    ];
    for (const { each, when } of found.flat()) {
      if (each.error === undefined) continue;
      const text = `${each.kind} of ${each.table}, ${when}: ${inLine(each.error)}`;
      texts.set(text, (texts.get(text) ?? 0) + 1);
    }
  }
  return [...texts].map(([text, times]) => `${times} × ${text}`);
}

/** The goal in words, each part with what was measured. */
export function judge(lines: readonly Line[], stretches: readonly Stretch[], scale: number): string[] {
  const during = stretches.flatMap((each) => each.during);
  const verdict = (met: boolean) => (met ? "met" : "MISSED");
  const worstOf = (requests: readonly Request[]) => percentile(requests.map(duration), 1) || 0;
  const errors = during.filter(({ error }) => error !== undefined).length;
  const worst = worstOf(during);
  const forUs = worstOf(during.filter((each) => blameOf(each)?.ours));
  const highest = (beside: "elsewhere" | "without") =>
    percentile(
      lines.map((each) => each.during.p99 / each[beside].p99),
      1,
    );
  const [toElsewhere, toWithout] = [highest("elsewhere"), highest("without")];
  const failed = stretches.filter(({ result }) => result.code !== 0).length;
  const size = scale < 1 ? ` (the goal is for production size: --scale 1)` : "";
  return [
    `no error of the application: ${errors}: ${verdict(errors === 0)}`,
    `worst at most ${GOAL.worst} ms: ${worst.toFixed(0)} ms, of those that waited for us ${forUs.toFixed(0)} ms: ${verdict(worst <= GOAL.worst)}${size}`,
    `p99 at most ${GOAL.ratio} × what it is without: ${toWithout.toFixed(2)} ×: ${verdict(toWithout <= GOAL.ratio)}; what it is while the command runs elsewhere: ${toElsewhere.toFixed(2)} ×: ${verdict(toElsewhere <= GOAL.ratio)}`,
    `commands that failed: ${failed} of ${stretches.length}`,
  ];
}
