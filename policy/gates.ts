import type { ResourceValidationPolicy } from "@pulumi/policy";
import { expectation, gateKey, satisfies } from "../provider/gates";
import { runKey, type TierInputs } from "../provider/inputs";
import { show } from "../provider/readings";
import type { Gate, GatePosition, Rollout } from "../provider/rollout";
import { isFirst, tierPolicy } from "./tier";

/** One policy for each stop gate, under the gate's name. The first tier answers for the whole run. */
export function gatePolicies(rollout: Rollout): ResourceValidationPolicy[] {
  const declared = new Map<string, Gate>();
  for (const gate of rollout.tiers.flatMap(({ gates }) => gates))
    declared.set(gate.name, declared.get(gate.name) ?? gate);
  return [...declared.values()].map((gate) => {
    const description = `${gate.meaning} If it stops: ${gate.remedy} (${gate.source})`;
    return tierPolicy(gate.name, description, (inputs) => judgeGate(rollout, gate.name, inputs));
  });
}

/**
 * Judges the readings against the pack's own declaration. A gate of a tier that this run applies must have been
 * measured and hold. Only gates that the run never came to are excused, and only if it stopped before them: then
 * another policy stops it.
 */
function judgeGate(rollout: Rollout, name: string, inputs: TierInputs): string[] {
  const { run, report, parameters } = inputs;
  const first = isFirst(rollout, inputs);
  const judged = rollout.tiers.filter(({ tier }) => run.applies.includes(tier) && (first || tier === inputs.tier));
  return judged.flatMap(({ tier, gates }) =>
    gates
      .filter((gate) => gate.name === name)
      .flatMap((gate) => {
        const key = gateKey(gate, rollout, parameters);
        const measured = first ? run.gates[runKey(tier, key)] : report.gates[key];
        const condition = expectation(gate, rollout, parameters);
        if (measured === undefined && !wasReached(inputs, first, tier, gate.at)) return [];
        if (satisfies(measured ?? null, condition)) return [];
        return [
          `Stop gate failed: tier ${String(tier)} ${gate.at} gate ${name}: expected ${condition}, ` +
            `measured ${show(measured)}. ${gate.remedy}`,
        ];
      }),
  );
}

/** Whether the run came to the gates of a tier's position: it passed as a whole, or measured one of them. */
function wasReached({ run, report }: TierInputs, first: boolean, tier: number, at: GatePosition): boolean {
  if (run.verdict === "PASS") return true;
  const prefix = first ? runKey(tier, `${at} `) : `${at} `;
  return Object.keys(first ? run.gates : report.gates).some((key) => key.startsWith(prefix));
}
