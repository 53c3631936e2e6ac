import { writeFileSync } from "node:fs";
import { casesOf, describeReport, type Report } from "../../../cli/chaos/report";
import { ALL, SEED } from "./random";

/** Counts how cases ended. */
export interface Tally {
  /** How many there were so far. */
  cases(): number;
  count(outcome: string): void;
  /** One did not end as it must. */
  inexact(): void;
  /** Says what is under way, and how many cases it has. */
  at(call: string, cases: number): void;
  /** The whole in one line. */
  text(): string;
}

/** Counts the cases of so many calls or other things, and keeps the file `CHAOS_REPORT` up to date. */
export function tally(what: string, calls: number): Tally {
  const outcomes: Record<string, number> = {};
  let inexact = 0;
  let current = { call: "", cases: 0, before: 0 };
  let begun = 0;
  const cases = () => casesOf({ outcomes });
  const report = () => {
    const { CHAOS_REPORT: file } = process.env;
    if (!file) return;
    const part = current.cases ? Math.min((cases() - current.before) / current.cases, 1) : 0;
    const progress = begun ? (begun - 1 + part) / calls : 0;
    writeFileSync(file, JSON.stringify({ what, outcomes, inexact, progress, at: current.call } satisfies Report));
  };
  return {
    cases,
    count(outcome) {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      report();
    },
    inexact() {
      inexact++;
      report();
    },
    at(call, cases) {
      begun++;
      current = { call, cases, before: casesOf({ outcomes }) };
      report();
    },
    text: () => {
      const drawn = ALL ? "all of them" : `drawn by seed ${SEED}, which CHAOS_SEED=${SEED} repeats`;
      return `${describeReport({ what, outcomes, inexact })} (${drawn})`;
    },
  };
}
