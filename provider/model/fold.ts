// Long lines in a terminal: it would break them in the middle of a word. A command that a person copies is never broken.
import { harmless } from "./harmless";

/** A command of this project, with what belongs to it. */
const COMMAND = /(?:\w+=\S+ )?npm run (?:-s )?[\w:-]+(?: --(?: [^\s;,.)]+){1,8})?/g;

/** Stands for a space inside a command while lines are broken. */
const KEPT = "\u00a0";

/**
 * A text with its lines broken between words; what continues a line is indented as it is. The first line may have less room, where
 * something stands before it. What is longer by itself, such as a path, stays as it is.
 */
export function fold(text: string, width: number, first = width): string {
  const lines = text.replace(COMMAND, (command) => command.replaceAll(" ", KEPT)).split("\n");
  const folded = lines.flatMap((line, index) => foldLine(line, width, index ? width : first));
  return folded.join("\n").replaceAll(KEPT, " ");
}

function foldLine(line: string, width: number, first: number): string[] {
  const [indent = ""] = /^ *(?:- )?/.exec(line) ?? [];
  const hanging = " ".repeat(indent.length);
  const folded: string[] = [];
  let rest = line;
  for (let room = first; rest.length > room; room = width) {
    const within = rest.lastIndexOf(" ", room);
    const at = within > indent.length ? within : rest.indexOf(" ", indent.length + 1);
    if (at < 0) break;
    folded.push(rest.slice(0, at));
    rest = hanging + rest.slice(at + 1);
  }
  return [...folded, rest];
}

/** What the CLI puts before a message that the program or a hook says. */
const BEFORE = { info: 4, warning: 13, error: 11 } as const;

/** What the CLI is to show under Diagnostics, with nothing in it that a terminal obeys; its lines stay whole where there is no terminal. */
export function diagnostic(text: string, severity: keyof typeof BEFORE): string {
  const columns = Number(process.env.ROLLOUT_COLUMNS);
  const shown = harmless(text);
  return columns >= 40 ? fold(shown, columns - BEFORE.info, columns - BEFORE[severity]) : shown;
}
