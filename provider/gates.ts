import { GATE_NOTICE } from "./errors";
import { parseReading, show } from "./readings";
import type { GateResult } from "./report";
import type { Gate, GatePosition, Reading, Readings, Rollout, TierDeclaration } from "./rollout";
import type { Notice } from "./session";
import { expectedDatabase, type Parameters } from "./settings";

/** Wanted value of a gate as the SQL files write it, such as `= 210` or `in 0,43`. */
export function expectation(gate: Gate, rollout: Rollout, parameters: Parameters): string {
  return `${gate.operator} ${wanted(gate, rollout, parameters)}`;
}

function wanted({ expected }: Gate, rollout: Rollout, parameters: Parameters): string {
  if (typeof expected === "string") return expected;
  return expected.parameter === rollout.databaseParameter
    ? expectedDatabase(rollout, parameters)
    : (parameters[expected.parameter] ?? "");
}

/** Whether a reading satisfies a condition such as `>= 1`. A reading that is null satisfies none. */
export function satisfies(measured: Reading, condition: string): boolean {
  if (measured === null) return false;
  const space = condition.indexOf(" ");
  const operator = condition.slice(0, space);
  const value = condition.slice(space + 1);
  switch (operator) {
    case "=":
      return String(measured) === value;
    case ">=":
      return typeof measured === "number" && measured >= Number(value);
    case "in":
      return value.split(",").includes(String(measured));
    default:
      return false;
  }
}

/**
 * The results of a tier's declared gates from the notices that its SQL file raised. The declaration judges,
 * the notice only measures: a declared gate without a notice, or with another expectation than declared, fails.
 * Gates of a position that the file did not reach are left out when `reached` says so.
 */
export function judgeGates(
  rollout: Rollout,
  tier: TierDeclaration,
  parameters: Parameters,
  notices: readonly Notice[],
  reached: readonly GatePosition[] = ["entry", "exit"],
): GateResult[] {
  const raised = notices.filter((notice) => notice.code === GATE_NOTICE && notice.schema === rollout.noticeSchema);
  return tier.gates
    .filter((gate) => reached.includes(gate.at))
    .map((gate) => {
      const expected = expectation(gate, rollout, parameters);
      const notice = raised.findLast(({ table, constraint }) => table === gate.at && constraint === gate.name);
      const measured = notice?.dataType === undefined || notice.dataType === "NULL" ? null : parseReading(notice.dataType);
      const passed = notice?.column === expected && satisfies(measured, expected);
      return { name: gate.name, at: gate.at, expected, measured, passed };
    });
}

/** The results of gates from readings alone, where the SQL files do not run. */
export function judgeReadings(
  rollout: Rollout,
  gates: readonly Gate[],
  parameters: Parameters,
  readings: Readings,
): GateResult[] {
  return gates.map((gate) => {
    const expected = expectation(gate, rollout, parameters);
    const measured = readings[gate.name] ?? null;
    return { name: gate.name, at: gate.at, expected, measured, passed: satisfies(measured, expected) };
  });
}

/** A failed gate in one line. */
export function describeGate(tier: number, { name, at, expected, measured }: GateResult): string {
  return `tier ${String(tier)} ${at} gate ${name}: expected ${expected}, measured ${show(measured)}`;
}
