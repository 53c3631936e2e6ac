import { blameOf, duration, type Request } from "./request";
import type { Stretch } from "./stretch";

/** What requests took, in milliseconds. */
export interface Figures {
  readonly requests: number;
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

/** The requests of one kind while one command ran, in all rounds, while it ran elsewhere, and without it. */
export interface Line {
  readonly command: string;
  readonly kind: Request["kind"];
  readonly during: Figures;
  readonly elsewhere: Figures;
  readonly without: Figures;
}

/** Requests that waited for the same while the same command ran. */
export interface LongWait {
  readonly command: string;
  /** What was asked for; where nobody was seen in the way, all that is slow is one thing. */
  readonly what: string;
  /** The table whose lock was in the way, where it is known. */
  readonly lock: string | undefined;
  /** Undefined where nobody was seen. */
  readonly whom: string | undefined;
  readonly ours: boolean;
  readonly requests: number;
  /** Milliseconds. */
  readonly worst: number;
}

const KINDS = ["writer", "reader"] as const;

/** The smallest of the values that at least this share of them does not exceed; NaN where there is none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

export function figuresOf(requests: readonly Request[]): Figures {
  const times = requests.map(duration);
  return {
    requests: times.length,
    errors: requests.filter(({ error }) => error !== undefined).length,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    worst: percentile(times, 1),
  };
}

/** Two lines for each command, in the order of the commands. */
export function linesOf(stretches: readonly Stretch[]): Line[] {
  const commands = [...new Set(stretches.map(({ command }) => command))];
  return commands.flatMap((command) => {
    const own = stretches.filter((each) => each.command === command);
    return KINDS.map((kind) => {
      const of = (which: "during" | "elsewhere" | "without") =>
        figuresOf(own.flatMap((each) => each[which]).filter((each) => each.kind === kind));
      return { command, kind, during: of("during"), elsewhere: of("elsewhere"), without: of("without") };
    });
  });
}

/** Every request that took longer than `limit` milliseconds while a command ran, by whom it waited for, the worst first. */
export function longWaits(stretches: readonly Stretch[], limit: number): LongWait[] {
  const groups = new Map<string, LongWait>();
  for (const { command, during } of stretches) {
    for (const request of during.filter((each) => duration(each) > limit)) {
      const { whom, table: lock, ours = false } = blameOf(request) ?? {};
      const what = whom === undefined ? "request" : `${request.kind} of ${request.table}`;
      const key = [command, what, lock, whom].join("\n");
      const { requests, worst } = groups.get(key) ?? { requests: 0, worst: 0 };
      const sum = { requests: requests + 1, worst: Math.max(worst, duration(request)) };
      groups.set(key, { command, what, lock, whom, ours, ...sum });
    }
  }
  return [...groups.values()].sort((a, b) => b.worst - a.worst);
}
