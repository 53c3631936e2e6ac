// `npm run chaos`: every fault of the tests that draw a few of theirs by a seed, in many processes at once, with what they have done so far.
import type { ChildProcess } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Part, partsOf, readReport, runPart } from "../chaos/part";
import { describeReport, sumOf } from "../chaos/report";
import { allSeries, type Series } from "../chaos/series";
import { say, tell } from "../console";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { ensureEngine } from "../pulumi/engine";
import type { Command } from "./index";

/** A case mostly waits: for a network that is silent, for a lock that a dead session holds. */
const PROCESSES_A_CORE = 4;

const TELL_MS = 15_000;

/** With an argument only the tests whose name holds it: `npm run chaos -- cut`. */
export const run: Command = async (args) => {
  const [filter = ""] = args;
  if (args.length > 1) throw new Failure("Usage: npm run chaos [-- part of a test's name]", EXIT.configuration);
  const atOnce = os.availableParallelism() * PROCESSES_A_CORE;
  const series = allSeries(atOnce).filter(({ test }) => test.includes(filter));
  if (series.length === 0) throw new Failure(`No test of faults has "${filter}" in its name.`, EXIT.configuration);
  await ensureEngine();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "one-roof-chaos-"));
  const parts = series.flatMap((each) => partsOf(each, folder));
  tell(`${parts.length} processes, ${atOnce} at once; their logs are in ${folder}`);
  await runAll(parts, atOnce);
  for (const each of series) say(describeSeries(each, parts));
  const failed = parts.filter(({ state }) => state === "failed");
  for (const { log } of failed) say(`Failed: ${log}\n${lastOf(log)}`);
  return failed.length === 0 ? EXIT.done : EXIT.failed;
};

/** Runs them so many at once, and tells from time to time how far they are. A signal ends them with us. */
async function runAll(parts: readonly Part[], atOnce: number): Promise<void> {
  const waiting = [...parts];
  const children = new Set<ChildProcess>();
  const started = Date.now();
  const end = (signal: NodeJS.Signals) => {
    for (const child of children) child.kill(signal);
    waiting.length = 0;
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, end);
  const telling = setInterval(() => tell(describeProgress(parts, Date.now() - started)), TELL_MS);
  const work = async () => {
    for (let part = waiting.shift(); part; part = waiting.shift()) {
      let own: ChildProcess | undefined;
      await runPart(part, (child) => children.add((own = child)));
      if (own) children.delete(own);
      if (part.state === "failed") tell(`Failed: ${part.log}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  clearInterval(telling);
  for (const signal of signals) process.off(signal, end);
  const left = parts.filter(({ state }) => state === "waiting").length;
  if (left > 0) throw new Failure(`Ended by a signal: ${left} of ${parts.length} processes were not started.`, 130);
}

function describeProgress(parts: readonly Part[], elapsed: number): string {
  const reports = parts.flatMap((part) => readReport(part) ?? []);
  const { outcomes, inexact } = sumOf(reports);
  const progress = parts.reduce((sum, part) => sum + progressOf(part), 0) / parts.length;
  const minutes = (elapsed / 60_000).toFixed(1);
  return `${minutes} min, ${(progress * 100).toFixed(0)} %: ${describeReport({ what: "cases", outcomes, inexact })}`;
}

function progressOf(part: Part): number {
  if (part.state === "passed" || part.state === "failed") return 1;
  return part.state === "running" ? (readReport(part)?.progress ?? 0) : 0;
}

function describeSeries(series: Series, parts: readonly Part[]): string {
  const own = parts.filter((part) => part.series === series);
  const reports = own.flatMap((part) => readReport(part) ?? []);
  const [first] = reports;
  const counts = first ? `, ${describeReport({ what: first.what, ...sumOf(reports) })}` : "";
  const verdict = own.every(({ state }) => state === "passed") ? "passed" : "FAILED";
  return `PostgreSQL ${series.version}, ${series.test}: ${verdict}${counts}`;
}

/** What jest said of a failure, which comes last. */
function lastOf(log: string): string {
  return fs.readFileSync(log, "utf8").trimEnd().split("\n").slice(-60).join("\n");
}
