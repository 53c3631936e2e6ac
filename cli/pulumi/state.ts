// What a stack's state would have the engine run. Pulumi stores the provider of a tier as text and runs what it finds: whoever can write the
// backend can put other code there, or a resource of another kind. So the state is read before the engine is.
import { createHash } from "node:crypto";
import fs from "node:fs";
import { inLine, isKnownProvider, TIER_TYPE } from "../../provider";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { capture } from "../process";
import { DEV_STACK } from "../project";
import { backendFolder, holdsStack, stackFile } from "./backend";
import { removeTornChecksum } from "./checksum";
import type { CommandLine } from "./command-line";
import { type Cli, hasStack, noStack, STACK_NOT_FOUND, worksOnStack } from "./existence";

/** Commands that run no provider and no program: all others are looked at, those that we do not know too. */
const RUNS_NOTHING = (
  "about api cancel config console convert deployment env gen-completion help install login logout new org package plugin policy project " +
  "schema stack state template version whoami"
).split(" ");

const STACK_TYPE = "pulumi:pulumi:Stack";
const PROVIDER_TYPE = "pulumi:providers:pulumi-nodejs";

interface Resource {
  urn?: unknown;
  type?: unknown;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

interface Deployment {
  resources?: Resource[];
  pending_operations?: { resource?: Resource }[];
}

/**
 * Refuses a command on a stack that is not there, unless it is the developer's, and one that would run what is in the stack's
 * state, where that is not what a rollout of this project has stored. What a death has left beside the state, and would keep all
 * from reading it, is removed first.
 */
export function requireKnownState(line: CommandLine, cli: Cli): void {
  const [command] = line.words;
  const own = localBackend(line, cli);
  if (own) removeTornChecksum(own, line.stack, line.project);
  if (command === undefined) return;
  if (RUNS_NOTHING.includes(command)) {
    if (line.stack !== DEV_STACK && worksOnStack(line) && !hasStack(line, cli)) throw noStack(line, cli);
    return;
  }
  const deployment = readDeployment(line, cli);
  if (!deployment && line.stack !== DEV_STACK) throw noStack(line, cli);
  const { resources = [], pending_operations: pending = [] } = deployment ?? {};
  const all = [...resources, ...pending.flatMap(({ resource }) => resource ?? [])];
  const foreign = all.flatMap(foreignIn);
  if (foreign.length === 0) return;
  throw new Failure(
    `The state of stack ${line.stack} holds what no rollout of this project has stored there, and the engine would run it:\n` +
      `${foreign.map((text) => `  - ${text}`).join("\n")}\n` +
      `Nothing was started. Whoever can write to the backend can have changed it: find out who did. Restore the state from a ` +
      `backup (npm run pulumi -- stack export --version N, then stack import), or, if a commit of your own has stored it, use that commit.`,
    EXIT.refused,
  );
}

function foreignIn(resource: Resource): string[] {
  const { urn, type, inputs, outputs } = resource;
  const name = inLine(String(urn).split("::").pop() ?? "");
  const sides = Object.entries({ inputs, outputs }).flatMap(([side, values]) =>
    Object.entries(values ?? {}).flatMap(([key, value]) =>
      foreignValue(type, key, value).map((what) => `${side} with ${what}`),
    ),
  );
  const known = [STACK_TYPE, PROVIDER_TYPE, TIER_TYPE].includes(String(type));
  return [...(known ? [] : [`a resource of the type ${inLine(String(type))}`]), ...sides].map(
    (what) => `${name}: ${what}`,
  );
}

/** The engine hands a provider to whatever resource has one; the type does not matter. */
function foreignValue(type: unknown, key: string, value: unknown): string[] {
  if (key === "__provider") {
    if (typeof value !== "string") return ["a provider that is no plain text"];
    const digest = createHash("sha256").update(value).digest("hex");
    return isKnownProvider(value) ? [] : [`an unknown provider, SHA-256 ${digest}`];
  }
  // A provider's values are the stack's configuration, each with its project in front; any other says where a plugin comes from.
  return type === PROVIDER_TYPE && !key.includes(":") ? [`the setting ${inLine(key)}`] : [];
}

/** What the state holds; undefined where there is no stack yet. Throws where that cannot be told. */
export function readDeployment(line: CommandLine, cli: Cli): Deployment | undefined {
  const own = localBackend(line, cli);
  if (own && fs.existsSync(own)) {
    const file = stackFile(own, line.stack, line.project);
    const read = fs.existsSync(`${file}.gz`) ? undefined : readCheckpoint(file);
    if (read ?? !holdsStack(own, line.stack)) return read;
  }
  return exportDeployment(line, cli);
}

/** Whether the state holds no resource, and none that a dead run was about to make. */
export function isEmpty(line: CommandLine, cli: Cli): boolean {
  const { resources = [], pending_operations: pending = [] } = readDeployment(line, cli) ?? {};
  return resources.length + pending.length === 0;
}

/** The folder of the backend, where it is one and is ours to read. */
function localBackend({ cwd }: CommandLine, { env }: Cli): string | undefined {
  return cwd === undefined ? backendFolder(env.PULUMI_BACKEND_URL ?? "") : undefined;
}

/**
 * A file as the CLI itself writes it, by far the cheaper way; undefined for any other. The CLI takes names in any case, and of
 * two equal ones it merges what we would see last: what it makes of such a file only itself can tell.
 */
function readCheckpoint(file: string): Deployment | undefined {
  try {
    const text = fs.readFileSync(file, "utf8").trimEnd();
    const state = JSON.parse(text) as { checkpoint: { latest?: Deployment } };
    if (JSON.stringify(state).replace(/[<>&\u2028\u2029]/g, goEscape) !== text) return undefined;
    const { latest = {} } = state.checkpoint;
    const { resources = [], pending_operations: pending = [] } = latest;
    const parts = [
      state,
      state.checkpoint,
      latest,
      ...resources,
      ...pending,
      ...pending.map(({ resource }) => resource),
    ];
    return parts.every((part) => Object.keys(part ?? {}).every(isPlainName)) ? latest : undefined;
  } catch {
    return undefined;
  }
}

const goEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

const READ = [
  "checkpoint",
  "latest",
  "resources",
  "pending_operations",
  "resource",
  "urn",
  "type",
  "inputs",
  "outputs",
];

/** Neither one that we read, in other letters, nor one that could be taken for it. */
function isPlainName(name: string): boolean {
  return READ.includes(name) || (/^[a-z_]+$/i.test(name) && !READ.includes(name.toLowerCase()));
}

/** By the CLI, from a backend of any kind. It decrypts nothing: a provider that is kept as a secret is foreign. */
function exportDeployment({ fullStack, stack, cwd }: CommandLine, { binary, env }: Cli): Deployment | undefined {
  const args = [
    "stack",
    "export",
    "--stack",
    fullStack,
    "--non-interactive",
    ...(cwd === undefined ? [] : ["--cwd", cwd]),
  ];
  const { ok, code, stdout, reason } = capture(binary, args, { env, maxBuffer: 1 << 30 });
  if (code === STACK_NOT_FOUND) return undefined;
  if (ok) return (JSON.parse(stdout) as { deployment?: Deployment }).deployment ?? {};
  throw new Failure(
    `The state of stack ${stack} cannot be read, so it is unknown what the engine would run: ${reason}\nNothing was started.`,
    EXIT.unreachable,
  );
}
