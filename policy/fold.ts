import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { fold } from "../provider";

/** Columns that a violation has in a terminal of 100: the CLI indents it. */
export const VIOLATION_WIDTH = 90;

const told = (text: string) => fold(text, VIOLATION_WIDTH);

/** The same policy, whose description and violations are folded: the CLI prints the one above the other. */
export function folded(policy: ResourceValidationPolicy): ResourceValidationPolicy {
  const validate = [policy.validateResource ?? []].flat();
  return {
    ...policy,
    description: told(policy.description),
    validateResource: validate.map((each) => (args, report) => each(args, (text, urn) => report(told(text), urn))),
  };
}

/** The same for a policy over the whole stack. */
export function foldedStack(policy: StackValidationPolicy): StackValidationPolicy {
  return {
    ...policy,
    description: told(policy.description),
    validateStack: (args, report) => policy.validateStack(args, (text, urn) => report(told(text), urn)),
  };
}
