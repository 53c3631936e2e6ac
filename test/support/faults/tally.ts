import { writeFileSync } from "node:fs";
import { ALL, SEED } from "./random";

/** How the calls ended that a fault was put into, and how the second call left the database. */
export interface Counts {
  cases: number;
  /** Said that it succeeded, and had. */
  done: number;
  /** Said that it failed, and nothing was changed. */
  refused: number;
  /** Said that it failed, though the server had done it all: the answer was lost. */
  unseen: number;
  /** Ended before its fault was due. */
  unreached: number;
  /** The second call did not put everything right. */
  inexact: number;
}

export interface Tally {
  readonly counts: Counts;
  count(how: Exclude<keyof Counts, "cases" | "inexact">): void;
  inexact(): void;
  /** Says which call is under way, and how many cases it has. */
  at(call: string, cases: number): void;
  /** The whole in one line. */
  text(): string;
}

/** Counts what is put into so many calls, and keeps `CHAOS_REPORT` up to date, where the command that runs many of these looks from time to time. */
export function tally(calls: number): Tally {
  const counts: Counts = { cases: 0, done: 0, refused: 0, unseen: 0, unreached: 0, inexact: 0 };
  let current = { call: "", cases: 0, before: 0 };
  let begun = 0;
  const report = () => {
    const { CHAOS_REPORT: file } = process.env;
    const part = current.cases ? (counts.cases - current.before) / current.cases : 0;
    if (file)
      writeFileSync(file, JSON.stringify({ ...counts, progress: (begun - 1 + part) / calls, at: current.call }));
  };
  return {
    counts,
    count(how) {
      counts.cases++;
      counts[how]++;
      report();
    },
    inexact() {
      counts.inexact++;
      report();
    },
    at(call, cases) {
      begun++;
      current = { call, cases, before: counts.cases };
      report();
    },
    text: () => {
      const { cases, done, refused, unseen, unreached, inexact } = counts;
      const drawn = ALL ? "all of them" : `drawn by seed ${SEED}, which CHAOS_SEED=${SEED} repeats`;
      return (
        `${cases} round trips cut (${drawn}): ${done} done, ${refused} refused and nothing changed, ${unseen} done without ` +
        `an answer, ${unreached} over before; after the second call ${inexact} inexact`
      );
    },
  };
}
