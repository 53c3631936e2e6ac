// Whether a stack is there. Only the developer's is made on the fly: at a terminal the CLI would make any that somebody has misspelt.
import fs from "node:fs";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { capture } from "../process";
import { backendFolder, holdsStack } from "./backend";
import type { CommandLine } from "./command-line";

/** How the CLI is run. */
export interface Cli {
  binary: string;
  env: NodeJS.ProcessEnv;
}

/** The exit code by which the CLI says that there is no stack of that name. */
export const STACK_NOT_FOUND = 6;

/** Commands that run nothing and yet are about one stack. */
const ABOUT_STACK = ["cancel", "config", "console", "deployment", "env", "state"];
const ABOUT_NO_STACK = ["init", "ls", "rm", "select", "unselect"];

/** Does the command need the stack to be there, although it runs nothing of it? */
export function worksOnStack({ words: [command = "", action = ""] }: CommandLine): boolean {
  return command === "stack" ? !ABOUT_NO_STACK.includes(action) : ABOUT_STACK.includes(command);
}

export function hasStack({ fullStack, stack, cwd }: CommandLine, { binary, env }: Cli): boolean {
  const own = cwd === undefined ? backendFolder(env.PULUMI_BACKEND_URL ?? "") : undefined;
  if (own && fs.existsSync(own)) return holdsStack(own, stack);
  const elsewhere = cwd === undefined ? [] : ["--cwd", cwd];
  const named = ["stack", "--stack", fullStack, "--show-name", "--non-interactive", ...elsewhere];
  // What else keeps the CLI from it, the command itself will say.
  return capture(binary, named, { env }).code !== STACK_NOT_FOUND;
}

/** The refusal for a stack that is not there, with those that are. */
export function noStack({ stack }: CommandLine, { binary, env }: Cli): Failure {
  const { ok, stdout } = capture(binary, ["stack", "ls", "--json", "--non-interactive"], { env });
  const names = ok ? (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name) : [];
  const others = names.length > 0 ? `It has ${names.join(", ")}.` : "It has none of this project.";
  return new Failure(
    `There is no stack ${stack} in the backend ${hideLogin(env.PULUMI_BACKEND_URL ?? "")}. ${others} Nothing was started.\n` +
      `If the name is misspelt, correct PULUMI_STACK. A stack other than dev is made by its team, once: ` +
      `npm run pulumi -- stack init ${stack} --secrets-provider URL`,
    EXIT.configuration,
  );
}

/** A backend's URL may carry a login, and keys among its parameters. */
function hideLogin(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//").replace(/[?#].*$/, "");
}
