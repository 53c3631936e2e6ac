import { onceOnly } from "../../../cli/pulumi/engine-display";

/**
 * The lines that our commands show, without a terminal, of what the CLI has printed to a test: without the dots and the outputs, which
 * their options suppress.
 */
export function shownLines(output: string): string[] {
  const keep = onceOnly();
  let inOutputs = false;
  return output.split("\n").flatMap((line) => {
    if (/^\S/.test(line)) inOutputs = line === "Outputs:";
    return inOutputs || line.startsWith("@ ") ? [] : (keep(line) ?? []);
  });
}

/** Lines of a refusal, by the policy that refuses. */
export function refusalLines(output: string): Record<string, string[]> {
  const lines = output.split("\n");
  const ends = lines.findIndex((line) => line.startsWith("Diagnostics:"));
  const found: Record<string, string[]> = {};
  let policy: string | undefined;
  for (const line of lines.slice(0, ends)) {
    const [, name] = /^ +- \[mandatory\] +(\w+) /.exec(line) ?? [];
    policy = name ?? policy;
    if (policy !== undefined) (found[policy] ??= []).push(line);
  }
  return found;
}
