// The stack's configuration as Pulumi keeps it, for commands that work without starting Pulumi.
import fs from "node:fs";
import { FAILSAFE_SCHEMA, load, YAMLException } from "js-yaml";
import { codeOf } from "../../provider";
import { EXIT } from "../exit-codes";
import { Failure, reasonOf } from "../failure";
import { projectName } from "../project";

/**
 * The values of `keys`, or of all, in the project's own namespace, each as the text that was written; keys that are not set are left out.
 * Throws when one is encrypted or structured: not to know a value is not the same as not to have one.
 */
export function readStackConfiguration(file: string, keys?: readonly string[]): Record<string, string> {
  const prefix = `${projectName()}:`;
  const { config } = readMapping(file);
  const values = config === undefined || config === null || config === "" ? {} : mapping(config, file);
  const own = Object.keys(values).flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));
  return Object.fromEntries(
    (keys ?? own).flatMap((key) => {
      const value = values[prefix + key];
      if (typeof value === "string") return [[key, value]];
      if (value === undefined || value === null) return [];
      throw new Failure(
        `${file}: the value of ${key} is not a plain text. Set it with: npm run pulumi -- config set --plaintext ${key} VALUE`,
        EXIT.configuration,
      );
    }),
  );
}

function readMapping(file: string): Record<string, unknown> {
  try {
    return mapping(load(fs.readFileSync(file, "utf8"), { schema: FAILSAFE_SCHEMA }) ?? {}, file);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure(`Cannot read ${file}: ${yamlReason(cause)}`, EXIT.configuration, { cause });
  }
}

function mapping(value: unknown, file: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Failure(`Cannot read ${file}: expected keys with values, as Pulumi writes them.`, EXIT.configuration);
}

function yamlReason(cause: unknown): string {
  if (codeOf(cause) === "ENOENT")
    return "there is none. Correct PULUMI_STACK or --config-file, or make the stack: npm run pulumi -- stack init NAME. Nothing was started.";
  if (!(cause instanceof YAMLException)) return reasonOf(cause);
  return cause.reason + (cause.mark ? ` in line ${cause.mark.line + 1}` : "");
}

/**
 * Throws where the stack's file is there and is no YAML with keys and values, or where one that was named is not there: the CLI would say so
 * late, and in its own words, or never.
 */
export function requireReadable(file: string, isNamed = false): void {
  if (isNamed || fs.existsSync(file)) readMapping(file);
}

/** Who encrypts the stack's secrets, as its file says it; undefined where it says nothing, or where there is no file. */
export function secretsProvider(file: string): string | undefined {
  if (!fs.existsSync(file)) return undefined;
  const { secretsprovider: provider, encryptionsalt: salt } = readMapping(file);
  if (typeof provider === "string" && provider !== "") return provider;
  return salt === undefined ? undefined : "passphrase";
}
