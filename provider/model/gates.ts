import type { Gate, GatePosition, Reading, Readings, Rollout, TierDeclaration } from "./rollout";

/** Values of the rollout's parameters by name, as they enter a tier. */
export type Parameters = Readonly<Record<string, string>>;

/** A stop gate of one tier, with the value that this run expects. */
export interface BoundGate {
  readonly tier: number;
  readonly at: GatePosition;
  readonly name: string;
  readonly operator: Gate["operator"];
  /** The wanted value as text; empty, and so never met, where its parameter is not known. */
  readonly expected: string;
}

/** What a gate measured. Pulumi drops a null on its way: a result without a reading is one that could not be taken. */
export interface GateResult extends BoundGate {
  readonly measured?: Reading;
}

/** The gates that a tier declares, each with the value that these parameters make it expect. */
export function bindGates(
  rollout: Rollout,
  { tier, gates }: Pick<TierDeclaration, "tier" | "gates">,
  parameters: Parameters,
): BoundGate[] {
  return gates.map(({ at, name, operator, expected }) => ({
    tier,
    at,
    name,
    operator,
    expected: typeof expected === "string" ? expected : valueOf(rollout, parameters, expected.parameter),
  }));
}

/** A parameter's value: as given, else its default, else empty. */
export function valueOf({ parameters: declared }: Rollout, parameters: Parameters, name: string): string {
  return parameters[name] ?? declared[name]?.default ?? "";
}

/** Whether a gate holds. A reading that could not be taken satisfies no gate. */
export function holds({ operator, expected, measured = null }: GateResult): boolean {
  if (measured === null) return false;
  switch (operator) {
    case "=":
      return String(measured) === expected;
    case ">=":
      return typeof measured === "number" && measured >= Number(expected);
    case "in":
      return expected.split(",").includes(String(measured));
    default:
      return false;
  }
}

/** The gates with what a probe has read, where no SQL file runs. */
export function measureGates(gates: readonly BoundGate[], readings: Readings): GateResult[] {
  return gates.map((gate) => ({ ...gate, measured: readings[gate.name] ?? null }));
}

/** The result of exactly this gate: one under another condition than the declared one is none. */
export function resultOf(gate: BoundGate, results: readonly GateResult[]): GateResult | undefined {
  return results.find(
    ({ tier, at, name, operator, expected }) =>
      tier === gate.tier &&
      at === gate.at &&
      name === gate.name &&
      operator === gate.operator &&
      expected === gate.expected,
  );
}

/** The gates that do not hold, each with what it measured. A gate without a result was not measured, and fails. */
export function failedGates(gates: readonly BoundGate[], results: readonly GateResult[]): GateResult[] {
  return gates.map((gate) => resultOf(gate, results) ?? { ...gate, measured: null }).filter((result) => !holds(result));
}
