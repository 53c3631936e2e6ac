// What a command says. Names of databases, stacks and files, and what a server answered, are worded by others: a terminal must not obey them.
import { harmless } from "../provider";
import { interrupt } from "./interrupts";

/** The command's answer, on standard output. */
export function say(text: string): void {
  console.log(harmless(text));
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
  console.error(harmless(text));
}
