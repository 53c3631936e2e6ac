import { z } from "zod";
import { RolloutError } from "./errors";
import type { Rollout } from "./rollout";
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
  /** Rollout id to take over from the ledger when the state does not know it; empty for none. */
  readonly adopt: string;
  /** System identifier of the cluster from which the database was moved; empty for none. */
  readonly movedFrom: string;
}

const digest = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits");
const interval = z.string().refine((text) => parseInterval(text) !== undefined, "expected a time such as 500ms, 30s or 2min");

function schema(rollout: Rollout) {
  const tiers = rollout.tiers.map(({ tier }) => String(tier));
  const parameters = Object.entries(rollout.parameters).map(([name, parameter]) => {
    const text = z.string().min(1, "expected a value, found an empty text");
    return [name, parameter.default === undefined ? text : text.default(parameter.default)] as const;
  });
  return z.strictObject({
    ...Object.fromEntries(parameters),
    throughTier: z.enum(tiers, { error: `expected one of the tiers ${tiers.join(", ")}` }).default(tiers.at(-1) ?? ""),
    rehearse: z.enum(["true", "false"], { error: "expected true or false" }).default("true"),
    acceptUnrehearsed: digest.optional(),
    release: digest.optional(),
    adopt: z.uuid("expected a rollout id, as the refusal prints it").optional(),
    movedFrom: z.string().regex(/^\d+$/, "expected a system identifier, as the refusal prints it").optional(),
    lockTimeout: interval.optional(),
    statementTimeout: interval.optional(),
    retryBudget: interval.optional(),
    holdBudget: interval.optional(),
    readerRoles: z.string().regex(/^[\w$]+(,[\w$]+)*$/, "expected role names, comma-separated").optional(),
    evidence: z.string().min(1).optional(),
  });
}

/**
 * Checks the configuration of a stack as a whole. Throws one RolloutError that says for every wrong key what was
 * expected, what was found and how to set it.
 */
export function readConfiguration(rollout: Rollout, values: Readonly<Record<string, string>>): Configuration {
  const result = schema(rollout).safeParse(values);
  if (!result.success) throw refused(rollout, values, result.error.issues);
  const found = result.data as Record<string, string | undefined>;
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
  issues: readonly z.core.$ZodIssue[],
): RolloutError {
  const lines = issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => `${key}: there is no such key; known are ${Object.keys(schema(rollout).shape).join(", ")}`);
    }
    const key = String(issue.path[0]);
    const value = values[key];
    const wanted = value === undefined ? "expected a value, found none" : `${issue.message}, found "${value}"`;
    return [`${key}: ${wanted}. Set it with: pulumi config set ${key} VALUE`];
  });
  return new RolloutError(`The configuration of this stack is not usable:\n${lines.map((line) => `  - ${line}`).join("\n")}`);
}
