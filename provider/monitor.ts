import { expectation, satisfies } from "./gates";
import type { Gate, Reading, Readings, Rollout } from "./rollout";
import type { Parameters } from "./settings";

/** How one gate is spoken of in the monitor's verdict line. */
export interface BlockerToken {
  /** Short word for the reading; the gate's own name where there is none. */
  readonly subject?: string;
  /** The whole blocker, where subject, operator and wanted value would not say it well. */
  readonly blocker?: string;
  /** The parameter without which the gate is not judged: whoever only watches may not know it yet. */
  readonly onlyWith?: string;
}

/** Tokens by gate. A gate without an entry speaks by its own name. */
export type BlockerTokens = Readonly<Partial<Record<string, BlockerToken>>>;

/** A stop gate that keeps the rollout from starting. */
export interface Blocker {
  readonly gate: string;
  /** Operator and wanted value, such as `= 210`. */
  readonly expected: string;
  /** Null when the reading could not be taken. */
  readonly measured: Reading;
  readonly meaning: string;
  readonly remedy: string;
  /** The blocker as the verdict line says it, such as `gap<>210`. */
  readonly token: string;
}

/** Whether the rollout could start now, with everything that speaks against it. */
export interface Verdict {
  readonly verdict: "READY" | "BLOCKED";
  readonly blockers: readonly Blocker[];
}

/** The entry gates of the first tier that can be judged with these parameters. */
export function startGates(rollout: Rollout, tokens: BlockerTokens, parameters: Parameters): Gate[] {
  const gates = rollout.tiers[0]?.gates ?? [];
  return gates.filter(({ name, at }) => {
    const needed = tokens[name]?.onlyWith;
    return at === "entry" && (needed === undefined || Boolean(parameters[needed]));
  });
}

/** Judges whether the rollout could start, from readings alone. A reading that is not there blocks. */
export function judgeStart(
  rollout: Rollout,
  tokens: BlockerTokens,
  parameters: Parameters,
  readings: Readings,
): Verdict {
  const gates = startGates(rollout, tokens, parameters);
  const blockers = gates.flatMap((gate): Blocker[] => {
    const { name, meaning, remedy } = gate;
    const expected = expectation(gate, rollout, parameters);
    const measured = readings[name] ?? null;
    if (satisfies(measured, expected)) return [];
    return [
      { gate: name, expected, measured, meaning, remedy, token: tokenOf(name, expected, measured, tokens[name]) },
    ];
  });
  // A declaration without a gate to judge allows nothing.
  return { verdict: gates.length > 0 && blockers.length === 0 ? "READY" : "BLOCKED", blockers };
}

function tokenOf(gate: string, expected: string, measured: Reading, token: BlockerToken = {}): string {
  const { subject = gate, blocker } = token;
  if (measured === null) return `${subject} unknown`;
  if (blocker !== undefined) return blocker;
  const [operator, ...wanted] = expected.split(" ");
  return `${subject}${operator === ">=" ? "<" : "<>"}${wanted.join(" ")}`;
}

/** The verdict as one line: `READY`, or `BLOCKED ospa: ospa<1; ownership_gap: gap<>210;`. */
export function verdictLine({ verdict, blockers }: Verdict): string {
  return [verdict, ...blockers.map(({ gate, token }) => `${gate}: ${token};`)].join(" ");
}
