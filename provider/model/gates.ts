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

/** A bound gate with what it measured; null where the reading could not be taken. */
export interface GateResult extends BoundGate {
  readonly measured: Reading;
}

/**
 * What the gates of a tier measured, by position and name: facts, whatever was expected. A position that the run did
 * not come to is left out. A reading that could not be taken is null, and Pulumi drops it on the way.
 */
export type GateReadings = Readonly<Partial<Record<GatePosition, Readings>>>;

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
export function holds({ operator, expected, measured }: GateResult): boolean {
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

/** What a probe has read for these gates, where no SQL file runs. */
export function measureGates(gates: readonly BoundGate[], readings: Readings): GateReadings {
  const measured: Partial<Record<GatePosition, Record<string, Reading>>> = {};
  for (const { at, name } of gates) (measured[at] ??= {})[name] = readings[name] ?? null;
  return measured;
}

/** The gates that do not hold, each with what it measured. A gate without a reading was not measured, and fails. */
export function failedGates(gates: readonly BoundGate[], readings: GateReadings): GateResult[] {
  return gates
    .map((gate) => ({ ...gate, measured: readings[gate.at]?.[gate.name] ?? null }))
    .filter((result) => !holds(result));
}
