// What a command says. Names of databases, stacks and files, and what a server answered, are worded by others: a terminal must not obey them.
import type { WriteStream } from "node:tty";
import { fold, harmless } from "../provider";
import { interrupt } from "./interrupts";

/** A text as a person can read it at a terminal; in a file or a log its lines stay whole. */
export function forStream(text: string, { isTTY, columns }: Pick<WriteStream, "isTTY" | "columns">): string {
  return isTTY && columns >= 40 ? fold(harmless(text), columns) : harmless(text);
}

/** The command's answer, on standard output. */
export function say(text: string): void {
  console.log(forStream(text, process.stdout));
}

/** Asks the person at the terminal; gives what was typed, or nothing where the question was left. */
export function ask(question: string): Promise<string | undefined> {
  const { createInterface } = require("node:readline") as typeof import("node:readline");
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  return new Promise((resolve) => {
    terminal
      .once("close", () => resolve(undefined))
      .once("SIGINT", () => {
        interrupt("SIGINT");
        terminal.close();
      });
    terminal.question(harmless(question), (answer) => {
      resolve(answer.trim());
      terminal.close();
    });
  });
}

/** What a person is told meanwhile, on standard error. */
export function tell(text: string): void {
  console.error(forStream(text, process.stderr));
}
