// What a process of a chaos run has done so far: it writes this into a file, which the command that runs many of them reads.

/** How the cases ended, how far it has come, from 0 to 1, and at what. */
export interface Report {
  what: string;
  outcomes: Record<string, number>;
  /** So many did not end as they must. */
  inexact: number;
  progress: number;
  at: string;
}

/** Counts of several processes as one. */
export function sumOf(reports: readonly Report[]): Pick<Report, "outcomes" | "inexact"> {
  const outcomes: Record<string, number> = {};
  for (const report of reports) {
    for (const [outcome, number] of Object.entries(report.outcomes)) {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + number;
    }
  }
  return { outcomes, inexact: reports.reduce((sum, { inexact }) => sum + inexact, 0) };
}

export function casesOf({ outcomes }: Pick<Report, "outcomes">): number {
  return Object.values(outcomes).reduce((sum, number) => sum + number, 0);
}

/** Counts in one line, the commonest outcome first. */
export function describeReport({ what, outcomes, inexact }: Pick<Report, "what" | "outcomes" | "inexact">): string {
  const each = Object.entries(outcomes)
    .sort(([, one], [, other]) => other - one)
    .map(([outcome, number]) => `${number} ${outcome}`);
  return `${casesOf({ outcomes })} ${what}: ${each.join(", ") || "none"}; ${inexact} otherwise than they must`;
}
