// Reads the arguments of a Pulumi command as the CLI itself reads them, for the few options on which our own work depends. The CLI gets the
// arguments as they were given.
import path from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { DEV_STACK, projectFolder } from "../project";

export interface CommandLine {
  /** The command and its operands, without options. */
  words: string[];
  /** The stack that the CLI will work on, or make or remove, as it was named: perhaps `organization/project/stack`. */
  fullStack: string;
  /** Its own name. */
  stack: string;
  /** The project whose stack it is, where the stack's name says so. */
  project: string | undefined;
  /** The folder in which the CLI is to work, where an option names one. */
  cwd: string | undefined;
  /** Where a new stack is to have its secrets encrypted, where an option says so. */
  secretsProvider: string | undefined;
  /** The file with the stack's configuration. */
  configFile: string;
  /** Was this option given, whatever its value? */
  has(option: string): boolean;
  /** Is this flag set? `--yes=false` is given, and not set. */
  isOn(flag: string): boolean;
}

/** Options that take a value. All are here: the value of one must not be taken for another, as in `--message -sprod`. */
const VALUES = (
  "client color config config-file cwd event-log exclude exec-agent exec-kind import-file import-pending-creates memprofilerate message " +
  "otel-traces output parallel plan policy-pack policy-pack-config profiling replace save-plan secrets-provider stack target " +
  "target-replace tracing verbose"
).split(" ");

/** The letters of options that take a value, and of flags that are asked for. */
const LETTERS: Record<string, string> = {
  C: "cwd",
  c: "config",
  f: "skip-preview",
  h: "help",
  m: "message",
  p: "parallel",
  s: "stack",
  t: "target",
  v: "verbose",
  x: "exclude",
  y: "yes",
};

/** Commands that run the program or the provider, by every name that the CLI takes for them. */
const OPERATIONS: Readonly<Record<string, "preview" | "up" | "destroy" | "refresh">> = {
  preview: "preview",
  pre: "preview",
  up: "up",
  update: "up",
  destroy: "destroy",
  down: "destroy",
  dn: "destroy",
  refresh: "refresh",
};

/** The command, if it runs the program or the provider and so needs the database. */
export function operationOf({ words: [command = ""] }: CommandLine): string | undefined {
  return Object.hasOwn(OPERATIONS, command) ? OPERATIONS[command] : undefined;
}

/** Is the command itself going to create a stack? */
export function isStackInit({ words }: CommandLine): boolean {
  return words[0] === "stack" && words[1] === "init";
}

/** The stack that is named by an operand: that of these commands is not the one that the environment names. */
function stackOperand([command, action, operand]: readonly string[]): string | undefined {
  return command === "stack" && ["init", "select", "rm"].includes(action ?? "") ? operand : undefined;
}

const OPTIONS: NonNullable<ParseArgsConfig["options"]> = {};
for (const name of VALUES) OPTIONS[name] = { type: "string" };
for (const [short, name] of Object.entries(LETTERS)) OPTIONS[name] = { type: OPTIONS[name]?.type ?? "boolean", short };

export function readCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({ args: args.flatMap(spellOut), options: OPTIONS, strict: false });
  // The CLI takes every option from the environment too.
  const given = (option: string) =>
    values[option] ?? process.env[`PULUMI_OPTION_${option.toUpperCase().replaceAll("-", "_")}`];
  const text = (option: string) => {
    const value = given(option);
    return typeof value === "string" ? value : undefined;
  };
  const fullStack = text("stack") || stackOperand(positionals) || process.env.PULUMI_STACK || DEV_STACK;
  const stack = fullStack.slice(fullStack.lastIndexOf("/") + 1);
  return {
    words: positionals,
    fullStack,
    stack,
    project: /^[^/]+\/([^/]+)\/[^/]+$/.exec(fullStack)?.[1],
    cwd: text("cwd"),
    secretsProvider: text("secrets-provider"),
    configFile: text("config-file") || path.resolve(projectFolder, text("cwd") ?? "", `Pulumi.${stack}.yaml`),
    has: (option) => given(option) !== undefined,
    isOn: (flag) => ![undefined, false, "false", "False", "FALSE", "F", "f", "0"].includes(given(flag)),
  };
}

/** The arguments without some options, which another command of the CLI does not take or takes with another meaning. */
export function without(args: readonly string[], dropped: readonly string[]): string[] {
  const { tokens } = parseArgs({ args: args.flatMap(spellOut), options: OPTIONS, strict: false, tokens: true });
  return tokens.flatMap((token) => {
    if (token.kind === "option-terminator") return ["--"];
    if (token.kind === "positional") return [token.value];
    const { name, rawName, value } = token;
    if (dropped.includes(name)) return [];
    const option = Object.hasOwn(OPTIONS, name) ? `--${name}` : rawName;
    return [value === undefined ? option : `${option}=${value}`];
  });
}

/** The arguments without the command, wherever it stands among them. */
export function withoutCommand(args: readonly string[]): string[] {
  const rest = without(args, []);
  const command = rest.indexOf(readCommandLine(args).words[0] ?? "");
  return rest.filter((_, index) => index !== command);
}

/** `-y=false`, `-fy=false` and `-s=dev` with the option's name, because parseArgs would read the value as more letters. */
function spellOut(arg: string): string[] {
  const [, rest = "", last, value = ""] = /^-([a-zA-Z]*)([a-zA-Z])=(.*)$/s.exec(arg) ?? [];
  // After a letter that takes a value, all that follows is its value.
  if (!last || Array.from(rest).some((letter) => VALUES.includes(LETTERS[letter] ?? ""))) return [arg];
  return [...(rest ? [`-${rest}`] : []), `--${LETTERS[last] ?? last}=${value}`];
}
