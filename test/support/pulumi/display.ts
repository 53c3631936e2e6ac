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

/** Lines of each refusal: the policy that refuses, and what it says. */
export function refusals(output: string): string[][] {
  const lines = output.split("\n");
  const ends = lines.findIndex((line) => line.startsWith("Diagnostics:"));
  const found: string[][] = [];
  for (const line of lines.slice(0, ends)) {
    if (/^ +- \[mandatory\] +\w+ /.test(line)) found.push([line]);
    else found.at(-1)?.push(line);
  }
  return found;
}
