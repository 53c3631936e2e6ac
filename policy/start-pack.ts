import { PolicyPack } from "@pulumi/policy";
import { inOrder, type Rollout } from "../provider";
import { folded, foldedStack } from "./fold";
import { gatePolicies } from "./gates";
import { tierOrder } from "./order";
import { runPolicies } from "./run";

/** Starts the policy pack of a rollout, under the rollout's own name: its stop gates, and the rules on how they are used. */
export function startPack(listed: Rollout): PolicyPack {
  const rollout = inOrder(listed);
  return new PolicyPack(rollout.name, {
    enforcementLevel: "mandatory",
    policies: [...[...gatePolicies(rollout), ...runPolicies(rollout)].map(folded), foldedStack(tierOrder(rollout))],
  });
}
