/**
 * Samples of README and runbook: each stands between two marks, and is what a real run has printed. `npm run samples` writes them
 * anew; a test compares them with a run, but for what differs from one to the next.
 */
import { readFileSync, writeFileSync } from "node:fs";
import os from "node:os";

const DOCUMENTS = ["README.md", "docs/runbook.md"];

/** Columns of a terminal that the documents have in mind. */
const WIDTH = 100;

/** An output of so many lines is shown whole. */
const WHOLE = 25;

/** One command of a sample: as it is typed, what it printed, and what is shown of that where it is long. */
export interface Shown {
  readonly typed: string;
  readonly output: string;
  /** The part of it that is looked at, if it is there; else all of it. */
  readonly part?: RegExp;
  /** Patterns of the lines that are kept; those that lie between are left out. Each finds all that is like it (flags `gm`). */
  readonly keep?: readonly RegExp[];
}

/** Progress that comes and goes, in as many lines as the machine is slow, and how long it took. */
const PASSING = /^(@ |Loading policy packs| [+~-] {1,2}pulumi| {4}pulumi|Duration: )/;

/** What stands between the marks: each command, and its output with what is left out as `…`. */
export function render(shown: readonly Shown[]): string[] {
  return shown.flatMap((each) => {
    const output = told(each.output);
    return [`$ ${each.typed}`, ...(output ? excerpt(output, each).flatMap(fold) : [])];
  });
}

/** The output without the folders of this machine, and without what is another in every run and of no use to a reader. */
function told(output: string): string {
  const lines = output
    .replaceAll(process.cwd(), "…")
    .replaceAll(new RegExp(`${os.tmpdir()}/one-roof-[^/\\s]+`, "g"), "…")
    .replaceAll(/\(ms: [^)]*\)/g, "(…)")
    .split("\n")
    .filter((line) => !PASSING.test(line));
  return rehearsalFirst(lines)
    .map((line) => line.trimEnd())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** Chance decides whether the CLI lists what the program has said before what the hooks have said, or after it. */
function rehearsalFirst(lines: readonly string[]): readonly string[] {
  const at = lines.findIndex((line) => /^ +Rehearsed in /.test(line));
  const first = lines.lastIndexOf("  pulumi:pulumi:Stack (one-roof-dev):", at) + 1;
  if (at < 0 || first === 0) return lines;
  return [...lines.slice(0, first), ...lines.slice(at, at + 1), ...lines.slice(first, at), ...lines.slice(at + 1)];
}

/** Lines that a pattern touches. Throws where none does: then there is nothing to show. */
function excerpt(text: string, { part, keep }: Shown): string[] {
  const lines = text.split("\n");
  if (!keep || lines.length <= WHOLE) return lines;
  const [looked] = part?.exec(text) ?? [text];
  const first = lineAt(text, text.indexOf(looked));
  const kept = new Set(
    keep.flatMap((pattern) => [...looked.matchAll(pattern)]).flatMap((match) => linesOf(looked, match, first)),
  );
  if (kept.size === 0) throw new Error(`None of ${keep.join(", ")} is in this output:\n${text}`);
  return lines.flatMap((line, number) => {
    if (kept.has(number)) return [line];
    return number > 0 && !kept.has(number - 1) ? [] : [`${/^ */.exec(line)?.[0] ?? ""}…`];
  });
}

function linesOf(text: string, match: RegExpExecArray, first: number): number[] {
  return match[0]
    .trimEnd()
    .split("\n")
    .map((_, index) => first + lineAt(text, match.index) + index);
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length - 1;
}

/** A line as a terminal of that width would break it, but between words and indented. */
function fold(line: string): string[] {
  const indent = `${/^ */.exec(line)?.[0] ?? ""}  `;
  const folded = [line];
  for (let last = line; last.length > WIDTH; last = folded.at(-1) ?? "") {
    const at = last.lastIndexOf(" ", WIDTH);
    if (at <= indent.length) break;
    folded.splice(-1, 1, last.slice(0, at), indent + last.slice(at + 1));
  }
  return folded;
}

const BLOCK = /(<!-- sample: (\S+) -->\n\n```\n)([^]*?)(\n```\n\n<!-- \/sample -->)/g;

/** Every sample that the documents hold, by its name. */
export function documented(): { document: string; name: string; lines: string[] }[] {
  return DOCUMENTS.flatMap((document) =>
    [...readFileSync(document, "utf8").matchAll(BLOCK)].map(([, , name, block]) => ({
      document,
      name,
      lines: block.split("\n"),
    })),
  );
}

/** What the documents show under this name, for a test that makes such a run anyway: it has to contain the `lasting` of what is said there. */
export function sampleOf(name: string): string {
  return lasting(documented().find((each) => each.name === name)?.lines ?? []);
}

/** Writes the samples into the documents. */
export function write(samples: ReadonlyMap<string, readonly string[]>): void {
  for (const document of DOCUMENTS) {
    const text = readFileSync(document, "utf8");
    const renewed = text.replace(BLOCK, (block, ...groups: string[]) => {
      const [begin, name, , end] = groups;
      const lines = samples.get(name);
      return lines ? begin + lines.join("\n") + end : block;
    });
    if (renewed !== text) writeFileSync(document, renewed);
  }
}

/** What differs from one run to the next: times, ids, ports, versions, positions. */
const DIFFERING: readonly (readonly [pattern: RegExp, word: string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UUID"],
  [/\b[0-9a-f]{64}\b/g, "DIGEST"],
  [/\b[0-9a-f]{12}\b/g, "DIGEST"],
  [/\b(pid |pg_terminate_backend\()\d+/g, "$1PID"],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*/g, "TIME"],
  [/\b\d{19}\b/g, "CLUSTER"],
  [/(127\.0\.0\.1:)\d+/g, "$1PORT"],
  [/\bserver_version(\W+)\d{6}/g, "server_version$1VERSION"],
  [/(_seq) \S+ → \d+/g, "$1 POSITIONS"],
  // A quick rehearsal is over before anybody has seen a lock.
  [/(Rehearsed in ).*?(existing tables?)[^.]*\./g, "$1TIME. Locks on $2."],
  // Which of them was held longest is told by milliseconds.
  [/(Strong locks, the longest: ).*?( and \d+ more|\.)/g, "$1LOCKS$2"],
  [/\d+(\.\d+)?( ?m?s\b)/g, "N$2"],
  [/…/g, ""],
];

/** What has to be the same in every run, in one line: where lines are folded depends on the rest. */
export function lasting(lines: readonly string[]): string {
  const joined = lines.map((line) => line.trim()).join(" ");
  return DIFFERING.reduce((text, [pattern, word]) => text.replace(pattern, word), joined)
    .replace(/ +/g, " ")
    .trim();
}
