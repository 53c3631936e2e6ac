import type { ResourceValidationPolicy } from "@pulumi/policy";
import {
  bindGates,
  describeGate,
  failedGates,
  type Gate,
  isFirstTier,
  type Rollout,
  type TierInputs,
} from "../provider";
import { tierPolicy } from "./tier";

/** One policy for each stop gate, under the gate's name. The first tier answers for the whole run. */
export function gatePolicies(rollout: Rollout): ResourceValidationPolicy[] {
  const gates = rollout.tiers.flatMap((tier) => tier.gates);
  const byName = new Map([...gates].reverse().map((gate) => [gate.name, gate]));
  return [...new Set(gates.map(({ name }) => name))].flatMap((name) => {
    const gate = byName.get(name);
    if (!gate) return [];
    // What to do stands in the violation, under which the CLI prints this too.
    const description = `${gate.meaning} (${gate.source})`;
    return [tierPolicy(name, description, (inputs) => judgeGate(rollout, gate, inputs))];
  });
}

/**
 * Judges what was measured against the pack's own declaration. A gate of a tier that this run applies must have been
 * measured and hold. Only gates that the run never came to are excused, and only if it stopped before them: then
 * another policy stops it.
 */
function judgeGate(rollout: Rollout, { name, remedy }: Gate, inputs: TierInputs): string[] {
  const { run, report, parameters, tier: own } = inputs;
  const readingsOf = (tier: number) => (isFirstTier(rollout, own) ? run.gates[tier] : report.gates) ?? {};
  return rollout.tiers
    .filter(({ tier }) => run.applies.includes(tier) && (isFirstTier(rollout, own) || tier === own))
    .flatMap((tier) => {
      const readings = readingsOf(tier.tier);
      const reached = bindGates(rollout, tier, parameters).filter(({ at }) => run.verdict === "PASS" || readings[at]);
      return failedGates(
        reached.filter((gate) => gate.name === name),
        readings,
      );
    })
    .map((failed) => `${describeGate(failed)}. ${remedy}`);
}
