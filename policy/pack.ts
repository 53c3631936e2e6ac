import { PolicyPack } from "@pulumi/policy";
import { rollout } from "../tiers";
import { gatePolicies } from "./gates";
import { runPolicies } from "./run";
import { tierOrder } from "./order";

new PolicyPack(rollout.name, {
  enforcementLevel: "mandatory",
  policies: [...gatePolicies(rollout), ...runPolicies(rollout), tierOrder(rollout)],
});
