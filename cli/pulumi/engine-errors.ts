// What the CLI says on standard error. It is shown as it comes, but for one thing: that the stack is locked. Pulumi then advises everybody to
// take the lock away, whoever holds it, so we say it ourselves (locks.ts).
import { stripVTControlCharacters } from "node:util";
import { interrupt } from "../interrupts";
import { type CommandLine, operationOf } from "./command-line";

/** Commands that take the stack's lock. */
const LOCKING = ["up", "update", "destroy", "down", "refresh", "import"];

const LOCKED = "error: the stack is currently locked by ";

/** How Pulumi tells of a Ctrl-C at its question: no signal comes then, because it reads the keys itself. */
const CTRL_C_AT_QUESTION = /^error: confirmation cancelled, .*: interrupt$/m;

/** How the CLI tells of a command line that it cannot read; its exit code is that of any failure. */
const USAGE = /^error: (unknown (shorthand )?flag|unknown command|flag needs an argument|invalid argument|accepts )/m;

/** How it tells of another passphrase than the stack's; what to do it leaves open. */
const PASSPHRASE = /^error: .*incorrect passphrase/m;

/** How much of what is said is looked at for that, in bytes. */
const FIRST_WORDS = 1_000;

/** A colour of which the end is still to come. */
const UNFINISHED = /(?!\n)\p{Cc}(\[[\d;]*)?$/u;

export interface EngineErrors {
  /** Shows what came, or keeps it. */
  onError: (chunk: Buffer) => void;
  /** What was kept, without colours. */
  kept(): string;
  /** Before it began, what did it find wrong? It says so before anything else. */
  wrong(): "options" | "passphrase" | undefined;
}

/** Undefined for a command that neither takes a lock nor runs the program: what it says goes to the terminal directly. */
export function engineErrors(line: CommandLine): EngineErrors | undefined {
  if (!operationOf(line) && !LOCKING.includes(line.words[0] ?? "")) return undefined;
  let open = Buffer.alloc(0);
  let said = Buffer.alloc(0);
  let keeping = false;
  return {
    onError(chunk) {
      open = Buffer.concat([open, chunk]);
      if (CTRL_C_AT_QUESTION.test(plain(open))) interrupt("SIGINT", { known: true });
      if (said.length < FIRST_WORDS) said = Buffer.concat([said, chunk]);
      if (keeping) return;
      // Byte for byte, because a character may have come in part.
      const text = open.toString("latin1");
      const from = startOfRefusal(text);
      process.stderr.write(open.subarray(0, from));
      open = open.subarray(from);
      keeping = plain(open).startsWith(LOCKED);
    },
    kept: () => plain(open),
    wrong() {
      const text = plain(said);
      return USAGE.test(text) ? "options" : PASSPHRASE.test(text) ? "passphrase" : undefined;
    },
  };
}

/** Where the refusal begins, or may begin, in a last line that is not at its end; the end where it does not. */
function startOfRefusal(text: string): number {
  let at = 0;
  for (const line of text.split(/(?<=\n)/)) {
    const said = plain(Buffer.from(line.replace(UNFINISHED, ""), "latin1"));
    if (said.startsWith(LOCKED) || LOCKED.startsWith(said)) return at;
    at += line.length;
  }
  return at;
}

/** Without colours. */
function plain(text: Buffer): string {
  return stripVTControlCharacters(text.toString("utf8"));
}
