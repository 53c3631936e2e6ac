// What gate, verify and status do alike: their options, their help, and how they say that they could not look.
import { messageOf } from "../../provider";
import { say } from "../console";
import { EXIT } from "../exit-codes";
import { Failure, foreseen } from "../failure";

export const OPTIONS = {
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  "config-file": { type: "string" },
} as const;

export const QUIET_OPTIONS = { ...OPTIONS, quiet: { type: "boolean" } } as const;

/** Shows the usage, or looks; gives the exit code, which is all that is told where it is to be quiet. */
export async function answer(
  { help, quiet }: { readonly help?: boolean | undefined; readonly quiet?: boolean | undefined },
  usage: string,
  look: () => Promise<number>,
): Promise<number> {
  if (help) {
    say(usage);
    return EXIT.done;
  }
  try {
    return await look();
  } catch (error) {
    const { message, exitCode } = foreseen(error) ?? new Failure(messageOf(error));
    if (quiet) return exitCode;
    throw new Failure(process.stderr.isTTY ? message : inOneLine(message), exitCode, { cause: error });
  }
}

/** So that a log of cron or CI keeps an error together. */
export function inOneLine(message: string): string {
  return message
    .replace(/:\s*\n\s*- /g, ": ")
    .replace(/\s*\n\s*- /g, "; ")
    .replace(/\s*\n\s*/g, " ");
}
