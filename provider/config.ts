import { PULUMI } from "./command";
import * as v from "valibot";
import { RolloutError } from "./errors";
import type { Rollout } from "./rollout";
import { BY_PSQL } from "./standing";
import { parseInterval, type Parameters } from "./settings";

/** The stack's configuration, checked. */
export interface Configuration {
  readonly parameters: Parameters;
  /** The last tier to be applied. */
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
}

const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits"));
const interval = v.pipe(
  v.string(),
  v.check((text) => parseInterval(text) !== undefined, "expected a time such as 500ms, 30s or 2min"),
);
const ADOPTABLE = `expected a rollout id, as the refusal prints it, or ${BY_PSQL}`;
const filled = v.pipe(v.string(), v.minLength(1, "expected a value, found an empty text"));

function schema(rollout: Rollout) {
  const tiers = rollout.tiers.map(({ tier }) => String(tier));
  const parameters = Object.entries(rollout.parameters).map(
    ([name, parameter]) =>
      [name, parameter.default === undefined ? filled : v.optional(filled, parameter.default)] as const,
  );
  return v.strictObject({
    ...Object.fromEntries(parameters),
    throughTier: v.optional(v.picklist(tiers, `expected one of the tiers ${tiers.join(", ")}`), tiers.at(-1) ?? ""),
    rehearse: v.optional(v.picklist(["true", "false"], "expected true or false"), "true"),
    acceptUnrehearsed: v.optional(digest),
    release: v.optional(digest),
    adopt: v.optional(v.union([v.literal(BY_PSQL), v.pipe(v.string(), v.uuid(ADOPTABLE))], ADOPTABLE)),
    movedFrom: v.optional(v.pipe(v.string(), v.digits("expected a system identifier, as the refusal prints it"))),
    lockTimeout: v.optional(interval),
    statementTimeout: v.optional(interval),
    retryBudget: v.optional(interval),
    holdBudget: v.optional(interval),
    readerRoles: v.optional(v.pipe(v.string(), v.regex(/^[\w$]+(,[\w$]+)*$/, "expected role names, comma-separated"))),
    evidence: v.optional(filled),
  });
}

/**
 * Checks the configuration of a stack as a whole. Throws one RolloutError that says for every wrong key what was
 * expected, what was found and how to set it.
 */
export function readConfiguration(rollout: Rollout, values: Readonly<Record<string, string>>): Configuration {
  const result = v.safeParse(schema(rollout), values);
  if (!result.success) throw refused(rollout, values, result.issues);
  const found: Readonly<Record<string, string | undefined>> = result.output;
  const text = (key: string) => found[key] ?? "";
  return {
    parameters: Object.fromEntries(Object.keys(rollout.parameters).map((key) => [key, text(key)])),
    throughTier: Number(text("throughTier")),
    rehearse: text("rehearse") === "true",
    acceptUnrehearsed: text("acceptUnrehearsed"),
    release: text("release"),
    adopt: text("adopt"),
    movedFrom: text("movedFrom"),
  };
}

function refused(
  rollout: Rollout,
  values: Readonly<Record<string, string>>,
  issues: readonly v.BaseIssue<unknown>[],
): RolloutError {
  const known = Object.keys(schema(rollout).entries);
  const lines = issues.map((issue) => {
    const key = v.getDotPath(issue) ?? "";
    if (!known.includes(key)) return `${key}: there is no such key; known are ${known.join(", ")}`;
    const value = values[key];
    const wanted = value === undefined ? "expected a value, found none" : `${issue.message}, found "${value}"`;
    return `${key}: ${wanted}. Set it with: ${PULUMI} config set ${key} VALUE`;
  });
  return new RolloutError(
    `The configuration of this stack is not usable:\n${lines.map((line) => `  - ${line}`).join("\n")}`,
  );
}
