import type * as valibot from "valibot";
import { PULUMI } from "./command";
import { RolloutError } from "./errors";
import type { Parameters } from "./gates";
import { inOrder, type Rollout } from "./rollout";

/** Time-outs and texts of one run that hooks need; they never enter the state. Times in milliseconds. */
export interface RunOptions {
  /** How long one statement waits for a lock before the whole transaction is given up (and tried again). */
  readonly lockTimeout: number;
  readonly statementTimeout: number;
  /** How long a transaction, or the wait for another rollout to end, is tried again in all. */
  readonly retryBudget: number;
  /** How long a rehearsal may hold a strong lock on an existing table. */
  readonly holdBudget: number;
  /** Roles that may read the views, comma-separated. */
  readonly readerRoles: string;
  /** Folder of the evidence files. */
  readonly evidence: string;
}

/** What a run is asked to do. */
export interface RunRequest {
  /** The last tier that shall be applied; -1 rolls everything back. */
  readonly throughTier: number;
  /** Rehearse before anything is applied; without it `up` refuses unless `acceptUnrehearsed` names the release. */
  readonly rehearse: boolean;
  /** Digest of the one release that may be applied unrehearsed; empty for none. */
  readonly acceptUnrehearsed: string;
  /** Digest of the release that was ratified; empty where nothing is pinned. */
  readonly release: string;
  /** Rollout to take over when the state does not know it: its id in the ledger, or `psql`; empty for none. */
  readonly adopt: string;
  /** System identifier of the cluster from which the database was moved; empty for none. */
  readonly movedFrom: string;
  /** Whether a database without the rollout's roles will do. */
  readonly access: "required" | "optional";
}

/** The stack's configuration, checked. */
export interface Configuration {
  readonly parameters: Parameters;
  readonly request: RunRequest;
  readonly options: RunOptions;
}

/** The value of the configuration `adopt` that takes over a rollout which was run by psql, without a ledger. */
export const BY_PSQL = "psql";

/** Configuration values as Pulumi hands them over: texts by key. */
export type ConfigurationValues = Readonly<Record<string, string>>;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000 };

/** Milliseconds of a text such as `500ms`, `30s`, `2min`; undefined when it is none or not above zero. */
export function parseInterval(text: string): number | undefined {
  const [, number, unit] = /^([1-9]\d{0,5})(ms|s|min)$/.exec(text) ?? [];
  return number === undefined || unit === undefined ? undefined : Number(number) * (UNITS[unit] ?? 1);
}

type Valibot = typeof valibot;

/** Loaded where a configuration is read: the pack and most hooks need none. */
function library(): Valibot {
  return require("valibot") as Valibot;
}

const filled = (v: Valibot) => v.pipe(v.string(), v.minLength(1, "expected a value, found an empty text"));

function parameterEntries(v: Valibot, { parameters }: Rollout) {
  const entries = Object.entries(parameters).map(
    ([name, { default: value }]) => [name, value === undefined ? filled(v) : v.optional(filled(v), value)] as const,
  );
  return Object.fromEntries(entries);
}

function requestEntries(v: Valibot, rollout: Rollout) {
  const tiers = inOrder(rollout).tiers.map(({ tier }) => String(tier));
  const digest = v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits")));
  const adoptable = `expected a rollout id, as the refusal prints it, or ${BY_PSQL}`;
  return {
    throughTier: v.pipe(
      v.optional(v.picklist(tiers, `expected one of the tiers ${tiers.join(", ")}`), tiers.at(-1) ?? ""),
      v.transform(Number),
    ),
    rehearse: v.pipe(
      v.optional(v.picklist(["true", "false"], "expected true or false"), "true"),
      v.transform((text) => text === "true"),
    ),
    acceptUnrehearsed: digest,
    release: digest,
    adopt: v.optional(v.union([v.literal(BY_PSQL), v.pipe(v.string(), v.uuid(adoptable))], adoptable)),
    access: v.optional(v.picklist(["required", "optional"], "expected required or optional"), "optional"),
    movedFrom: v.optional(v.pipe(v.string(), v.digits("expected a system identifier, as the refusal prints it"))),
  };
}

function optionEntries(v: Valibot) {
  const time = v.pipe(
    v.string(),
    v.check((text) => parseInterval(text) !== undefined, "expected a time such as 500ms, 30s or 2min"),
  );
  const interval = (standard: string) =>
    v.pipe(
      v.optional(time, standard),
      v.transform((text) => parseInterval(text) ?? 0),
    );
  const roles = v.pipe(v.string(), v.regex(/^[\w$]+(,[\w$]+)*$/, "expected role names, comma-separated"));
  return {
    lockTimeout: interval("500ms"),
    statementTimeout: interval("30s"),
    retryBudget: interval("30s"),
    holdBudget: interval("2s"),
    readerRoles: v.optional(roles),
    evidence: v.optional(filled(v), "evidence"),
  };
}

/**
 * Checks the configuration of a stack as a whole. Throws one RolloutError that says for every wrong key what was
 * expected, what was found and how to set it.
 */
export function readConfiguration(rollout: Rollout, values: ConfigurationValues): Configuration {
  const v = library();
  const entries = {
    parameters: parameterEntries(v, rollout),
    request: requestEntries(v, rollout),
    options: optionEntries(v),
  };
  const all = v.strictObject({ ...entries.parameters, ...entries.request, ...entries.options });
  const { issues } = v.safeParse(all, values);
  if (issues) throw refused(Object.keys(all.entries), values, issues);
  return {
    parameters: v.parse(v.object(entries.parameters), values),
    request: requestOf(v.parse(v.object(entries.request), values)),
    options: optionsOf(v.parse(v.object(entries.options), values)),
  };
}

/** The options alone, for a hook, which learns the rest from its inputs. Throws as `readConfiguration` does. */
export function readOptions(values: ConfigurationValues): RunOptions {
  const v = library();
  const options = v.object(optionEntries(v));
  const { issues, output, success } = v.safeParse(options, values);
  if (!success) throw refused(Object.keys(options.entries), values, issues);
  return optionsOf(output);
}

/** What need not be set is empty; a default in the schema would have to pass as a value. */
function requestOf(
  found: valibot.InferOutput<valibot.ObjectSchema<ReturnType<typeof requestEntries>, undefined>>,
): RunRequest {
  const { acceptUnrehearsed = "", release = "", adopt = "", movedFrom = "" } = found;
  return { ...found, acceptUnrehearsed, release, adopt, movedFrom };
}

function optionsOf(
  found: valibot.InferOutput<valibot.ObjectSchema<ReturnType<typeof optionEntries>, undefined>>,
): RunOptions {
  return { ...found, readerRoles: found.readerRoles ?? "" };
}

/** Keys of the options, as the stack's configuration names them. */
export const OPTION_KEYS = [
  "lockTimeout",
  "statementTimeout",
  "retryBudget",
  "holdBudget",
  "readerRoles",
  "evidence",
] as const satisfies readonly (keyof RunOptions)[];

/** A key that is not set is not one that others know: it is taken out, not set anew. */
function unknownKey(key: string, known: readonly string[]): string {
  return `${key}: there is no such key. Take it out with: ${PULUMI} config rm ${key}. Known are ${known.join(", ")}`;
}

function refused(
  known: readonly string[],
  values: ConfigurationValues,
  issues: readonly valibot.BaseIssue<unknown>[],
): RolloutError {
  const lines = issues.map((issue) => {
    const key = library().getDotPath(issue) ?? "";
    if (!known.includes(key)) return unknownKey(key, known);
    const value = values[key];
    const wanted = value === undefined ? "expected a value, found none" : `${issue.message}, found "${value}"`;
    return `${key}: ${wanted}. Set it with: ${PULUMI} config set ${key} VALUE`;
  });
  return new RolloutError(
    `The configuration of this stack is not usable:\n${lines.map((line) => `  - ${line}`).join("\n")}`,
    undefined,
    { failed: "configuration" },
  );
}
