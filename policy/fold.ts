import type { ResourceValidationPolicy } from "@pulumi/policy";

/** Columns that a violation has in a terminal of 100: the CLI indents it. A terminal would break it in the middle of a word. */
export const VIOLATION_WIDTH = 90;

/** A text with its lines broken between words. What is longer by itself, such as a path, and a command to be copied stay as they are. */
export function fold(text: string): string {
  return text.split("\n").flatMap(foldLine).join("\n");
}

function foldLine(line: string): string[] {
  const folded = [line];
  for (let last = line; last.length > VIOLATION_WIDTH && !last.startsWith("npm run "); last = folded.at(-1) ?? "") {
    const within = last.lastIndexOf(" ", VIOLATION_WIDTH);
    const at = within > 0 ? within : last.indexOf(" ");
    if (at < 0) break;
    folded.splice(-1, 1, last.slice(0, at), last.slice(at + 1));
  }
  return folded;
}

/** The same policy, whose description and violations are folded: the CLI prints the one above the other. */
export function folded(policy: ResourceValidationPolicy): ResourceValidationPolicy {
  const validate = [policy.validateResource ?? []].flat();
  return {
    ...policy,
    description: fold(policy.description),
    validateResource: validate.map((each) => (args, report) => each(args, (text, urn) => report(fold(text), urn))),
  };
}
