// What is shown of a run. Where there is no terminal the CLI prints a row anew whenever something about it changes, and each message in
// the row and again in the list of messages. In a file or in the log of a CI each line stands once.
import { stripVTControlCharacters } from "node:util";
import { isTerminal } from "../process";
import { type CommandLine, operationOf } from "./command-line";
import { changes } from "./consent";

export interface EngineDisplay {
  onDisplay: (chunk: Buffer) => void;
  /** Shows what came last, if no line's end followed it. */
  end(): void;
}

/** How much the CLI shows: what changes under the eyes of a person is noise in a file, and in the log of a CI. */
export function displayOptions(command: string, line: CommandLine): string[] {
  const options: string[] = [];
  // They say what the lines of the tiers have said; `stack output` shows them at any time.
  if (!line.has("suppress-outputs")) options.push("--suppress-outputs");
  const watched = isTerminal() && !process.env.CI;
  if (!watched && !line.has("suppress-progress")) options.push("--suppress-progress");
  // The run itself rehearses the way back before it deletes anything, and no policy judges a destroy: the preview says the same.
  const previewed = line.has("skip-preview") || isTerminal() || !changes(command, line);
  if (command === "destroy" && !previewed) options.push("--skip-preview");
  return options;
}

/** Displays of another form, which somebody has asked for as they are. */
const OTHER_DISPLAYS = ["diff", "json", "debug", "event-log", "show-sames", "show-reads", "show-full-output"];

function wantsOther(line: CommandLine): boolean {
  return OTHER_DISPLAYS.some((option) => line.has(option));
}

/** Undefined at a terminal, and where the caller wants another display. */
export function engineDisplay(line: CommandLine): EngineDisplay | undefined {
  if (isTerminal() || !operationOf(line) || wantsOther(line)) return undefined;
  const shown = onceOnly();
  const lines = new LineReader((text) => {
    const kept = shown(text);
    if (kept !== undefined) process.stdout.write(`${kept}\n`);
  });
  return { onDisplay: (chunk) => lines.read(chunk), end: () => lines.end() };
}

/** Whether a terminal is spared the rows of a preview, which the run after it shows anew. */
export function canBeBrief(line: CommandLine): boolean {
  return isTerminal() && !wantsOther(line);
}

/** Shows the messages of a run, whole, once it is over; until then the last one, as much of it as fits. */
export function messagesOnly(): EngineDisplay {
  const message = messageIn();
  const lines = new LineReader((text) => {
    const { passing, lasting } = message(text);
    process.stdout.write(WIPE);
    if (passing !== undefined) process.stdout.write(passing.slice(0, process.stdout.columns - 1));
    if (lasting !== undefined) process.stdout.write(`${lasting}\n`);
  });
  return {
    onDisplay: (chunk) => lines.read(chunk),
    end: () => {
      lines.end();
      // As after a display of the CLI's own.
      process.stdout.write(`${WIPE}\n`);
    },
  };
}

/** Back to the start of the line, which is cleared. */
const WIPE = "\r\u001b[K";

/** Gives of each line of a run what is to be shown: for the moment, or to stay. */
export function messageIn(): (line: string) => { passing?: string; lasting?: string } {
  let section = "";
  return (line) => {
    const text = stripVTControlCharacters(line).trimEnd();
    if (BEGINS.test(text)) return { passing: text };
    const [, begins] = ENDS.exec(text) ?? [];
    if (begins) section = begins;
    if (begins || text === "" || section === "Resources" || section === "Policies") return {};
    if (section === "Diagnostics")
      return OF_THE_STACK.test(text) ? {} : { lasting: ourCommands(line.replace(/^ {4}/, "")) };
    const row = ROW.exec(text);
    return row ? { passing: row[1]?.replace(/^running /, "") ?? "" } : { lasting: line };
  };
}

/** The heading of what the program says. */
const OF_THE_STACK = /^ {2}pulumi:pulumi:Stack \(.*\):$/;

/** Cuts what comes into lines; a character may have come in part. */
class LineReader {
  private rest = Buffer.alloc(0);

  constructor(private readonly show: (line: string) => void) {}

  read(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    for (let end = this.rest.indexOf("\n"); end >= 0; end = this.rest.indexOf("\n")) {
      this.show(this.rest.toString("utf8", 0, end));
      this.rest = this.rest.subarray(end + 1);
    }
  }

  end(): void {
    if (this.rest.length) this.show(this.rest.toString("utf8"));
    this.rest = Buffer.alloc(0);
  }
}

const BEGINS = /^(Previewing|Updating|Destroying|Refreshing)\b.*:$/;
const ENDS = /^(Policies|Diagnostics|Outputs|Resources|Duration):/;

/** A resource's row: sign, type, name, then how far it is, then what was said of it last. */
const ROW = /^(?: {4}| ?\S{1,2} {1,2})(?:pulumi[\w-]*:\S+) \S+(?: (.*))?$/;

/** What is over, or what a preview says that would be done. */
const SETTLED = /^(?:\*\*[^*]+\*\*|(?:create|update|delete|replace|refresh|read|import)d?(?: \([^)]*\))?)(?= |$)/;

/** Gives of each line what is to be shown, or undefined. */
export function onceOnly(): (line: string) => string | undefined {
  let progress = false;
  let rows = new Set<string>();
  return (line) => {
    const text = stripVTControlCharacters(line).trimEnd();
    if (text === "" || /^Loading policy packs\.\.\.: \w+$/.test(text)) return undefined;
    if (BEGINS.test(text)) [progress, rows] = [true, new Set()];
    else if (ENDS.test(text)) progress = false;
    const row = progress ? ROW.exec(text) : null;
    if (!row) return ourCommands(line);
    const settled = settledRow(text, row[1] ?? "");
    if (settled === undefined || rows.has(settled)) return undefined;
    rows.add(settled);
    return settled;
  };
}

/** The row without the message that stands in the list below as well. */
function settledRow(row: string, state: string): string | undefined {
  const [settled] = SETTLED.exec(state) ?? [];
  if (settled === undefined) return undefined;
  const more = state.slice(settled.length);
  const start = row.slice(0, row.length - state.length) + settled;
  return more.startsWith(" [diff: ") ? row : start;
}

/** The CLI does not know how it was started, and `pulumi` itself need not be on the PATH. */
function ourCommands(line: string): string {
  return line.replace(/`pulumi (?=[a-z])/g, "`npm run pulumi -- ");
}
