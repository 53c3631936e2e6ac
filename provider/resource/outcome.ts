import { appendFileSync } from "node:fs";
import { wasPreviewed } from "../model/command";
import { RolloutError } from "../model/errors";
import { diagnostic } from "../model/fold";
import type { Failed, Note } from "../model/outcome";
import type { Log } from "../postgres/guard";
import { failureOf } from "../postgres/failed";

/**
 * Tells the command that has started this process, in the file that it names. The engine, the program, the provider and the pack are
 * processes of their own, and of how they ended the CLI tells no more than "failed". Where nothing can be told nothing is: the command
 * takes that for a failure of its own kind.
 */
export function note(told: Note): void {
  const file = process.env.ROLLOUT_OUTCOME;
  if (!file) return;
  try {
    appendFileSync(file, `${JSON.stringify(told)}\n`);
  } catch {
    // What went wrong is said to people all the same.
  }
}

/** What came of a tier: for the command, and for people unless they have just read it in the preview. */
export function noteTier(log: Log, told: Note, ...lines: readonly string[]): void {
  note(told);
  if (!wasPreviewed()) for (const line of lines) log(line);
}

export function noteFailure(as: Failed): void {
  note({ is: "failure", as });
}

/** Does the work, and tells as what it failed. */
export async function noted<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    noteFailure(failureOf(error));
    throw error;
  }
}

/** The same for a hook of the provider, whose error the engine shows. */
export async function hooked<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await noted(work);
  } catch (error) {
    if (error instanceof RolloutError) {
      error.message = diagnostic(error.message, "error");
      keepFromConsole(`${error.toString()}: ${error.stack ?? ""}`);
    }
    throw error;
  }
}

/** The SDK prints on standard error whatever a hook throws, and the engine shows that as well: a person would read all of it twice. */
function keepFromConsole(text: string): void {
  const print = console.error;
  console.error = (...words: unknown[]) => {
    console.error = print;
    if (words[0] !== text) print(...words);
  };
}
