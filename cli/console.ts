// What a command says. Names of databases, stacks and files, and what a server answered, are worded by others: a terminal must not obey them.
import { harmless } from "../provider";

/** The command's answer, on standard output. */
export function say(text: string): void {
  console.log(harmless(text));
}

/** What a person is told meanwhile, on standard error. */
export function tell(text: string): void {
  console.error(harmless(text));
}
