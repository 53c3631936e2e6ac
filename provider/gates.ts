import { GATE_NOTICE } from "./errors";
import { parseReading, show } from "./readings";
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

/** Name of a gate with its position and condition, under which its reading is reported: `exit ownership_gap = 0`. */
export function gateKey(gate: Gate, rollout: Rollout, parameters: Parameters): string {
  return `${gate.at} ${gate.name} ${expectation(gate, rollout, parameters)}`;
}

/**
 * What the gates of a tier measured, by key. A gate that was not reached, or not as declared, is left out; one whose
 * source is missing says so in words, because Pulumi drops a null.
 */
export type GateReadings = Readonly<Record<string, number | string>>;

/**
 * What a tier's declared gates measured, from the notices that its SQL file raised. The file only measures: a notice
 * with another condition than the declared one stands for no declared gate.
 */
export function gateReadings(
  rollout: Rollout,
  tier: TierDeclaration,
  parameters: Parameters,
  notices: readonly Notice[],
): GateReadings {
  const raised = notices.filter(({ code, schema }) => code === GATE_NOTICE && schema === rollout.noticeSchema);
  const measured = raised.map(({ table, constraint, column, dataType }) => {
    const reading = dataType === undefined || dataType === "NULL" ? null : parseReading(dataType);
    return [`${table ?? ""} ${constraint ?? ""} ${column ?? ""}`, reading ?? show(null)] as const;
  });
  const declared = new Set(tier.gates.map((gate) => gateKey(gate, rollout, parameters)));
  return Object.fromEntries(measured.filter(([key]) => declared.has(key)));
}

/** The same from readings alone, where the SQL files do not run. */
export function gateReadingsFrom(
  rollout: Rollout,
  gates: readonly Gate[],
  parameters: Parameters,
  readings: Readings,
): GateReadings {
  return Object.fromEntries(
    gates.map((gate) => [gateKey(gate, rollout, parameters), readings[gate.name] ?? show(null)]),
  );
}

/** Every declared gate at `positions` that does not hold, in words. What was not measured does not hold. */
export function failedGates(
  rollout: Rollout,
  { tier, gates }: TierDeclaration,
  parameters: Parameters,
  measured: GateReadings,
  positions: readonly GatePosition[] = ["entry", "exit"],
): string[] {
  return gates
    .filter(({ at }) => positions.includes(at))
    .filter((gate) => !holds(gate, rollout, parameters, measured))
    .map((gate) => {
      const reading = measured[gateKey(gate, rollout, parameters)];
      const condition = expectation(gate, rollout, parameters);
      return `tier ${String(tier)} ${gate.at} gate ${gate.name}: expected ${condition}, measured ${show(reading)}`;
    });
}

/** Whether a declared gate was measured and holds. */
export function holds(gate: Gate, rollout: Rollout, parameters: Parameters, measured: GateReadings): boolean {
  const reading = measured[gateKey(gate, rollout, parameters)] ?? null;
  return satisfies(reading, expectation(gate, rollout, parameters));
}

/** Positions of which at least one gate was raised: a file that stopped at its entry has not measured its exit. */
export function reachedPositions({ gates }: TierDeclaration, notices: readonly Notice[]): GatePosition[] {
  return (["entry", "exit"] as const).filter(
    (at) =>
      gates.some((gate) => gate.at === at) && notices.some(({ code, table }) => code === GATE_NOTICE && table === at),
  );
}
