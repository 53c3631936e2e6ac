import type { ResourceValidationPolicy } from "@pulumi/policy";
import type { RunGate, TierInputs } from "../provider/inputs";
import { describeGate, satisfies } from "../provider/gates";
import type { Gate, Rollout } from "../provider/rollout";
import { isFirst, tierPolicy } from "./tier";

/** One policy for each stop gate, under the gate's name. The first tier answers for the whole run. */
export function gatePolicies(rollout: Rollout): ResourceValidationPolicy[] {
  const declared = new Map<string, Gate>();
  for (const gate of rollout.tiers.flatMap(({ gates }) => gates)) declared.set(gate.name, declared.get(gate.name) ?? gate);
  return [...declared.values()].map((gate) => {
    const description = `${gate.meaning} If it stops: ${gate.remedy} (${gate.source})`;
    return tierPolicy(gate.name, description, (tier) => judgeGate(rollout, gate, tier));
  });
}

function judgeGate(rollout: Rollout, gate: Gate, inputs: TierInputs): string[] {
  const { run, tier, report } = inputs;
  const measured: readonly RunGate[] = isFirst(rollout, inputs)
    ? run.gates
    : run.applies.includes(tier)
      ? report.gates.map((each) => ({ ...each, tier }))
      : [];
  const named = measured.filter(({ name }) => name === gate.name);
  const failed = named.filter(({ passed, measured: reading, expected }) => !passed || !satisfies(reading, expected));
  return [
    ...failed.map((each) => `Stop gate failed: ${describeGate(each.tier, each)}. ${gate.remedy}`),
    ...(isFirst(rollout, inputs) ? unmeasured(rollout, gate, inputs, named) : []),
  ];
}

/** A run that calls itself passed must have measured this gate wherever it is declared. */
function unmeasured(rollout: Rollout, gate: Gate, { run }: TierInputs, measured: readonly RunGate[]): string[] {
  if (run.verdict !== "PASS") return [];
  return rollout.tiers
    .filter(({ tier }) => run.applies.includes(tier))
    .flatMap(({ tier, gates }) => gates.filter(({ name }) => name === gate.name).map(({ at }) => ({ tier, at })))
    .filter(({ tier, at }) => !measured.some((each) => each.tier === tier && each.at === at))
    .map(({ tier, at }) => `Stop gate not measured: tier ${String(tier)} ${at} gate ${gate.name}. ${gate.remedy}`);
}
