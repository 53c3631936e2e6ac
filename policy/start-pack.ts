import { PolicyPack } from "@pulumi/policy";
import type { Rollout } from "../provider";
import { gatePolicies } from "./gates";
import { tierOrder } from "./order";
import { runPolicies } from "./run";

/** Starts the policy pack of a rollout, under the rollout's own name: its stop gates, and the rules on how they are used. */
export function startPack(rollout: Rollout): PolicyPack {
  return new PolicyPack(rollout.name, {
    enforcementLevel: "mandatory",
    policies: [...gatePolicies(rollout), ...runPolicies(rollout), tierOrder(rollout)],
  });
}
