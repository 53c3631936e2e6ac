// How a command reads its options: what it does not understand is said in one sentence, with the usage.
import { parseArgs, type ParseArgsConfig } from "node:util";
import { firstSentence, messageOf } from "../provider";
import { EXIT } from "./exit-codes";
import { Failure } from "./failure";

type Options = NonNullable<ParseArgsConfig["options"]>;

export function parseOptions<const T extends Options>(args: string[], options: T, usage: string) {
  try {
    return parseArgs({ args, options }).values;
  } catch (cause) {
    throw badOptions(messageOf(cause), usage, { cause });
  }
}

export function badOptions(message: string, usage: string, options?: ErrorOptions): Failure {
  return new Failure(`${firstSentence(message)}.\n${usage}`, EXIT.configuration, options);
}
