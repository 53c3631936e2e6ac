import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { atEnd } from "../clean-up";
import { ON_DEMAND } from "../../../cli/lifeline";
import { engineFolder, pulumiHome } from "../../../cli/pulumi/engine";
import { RATIFIED } from "../database/database";
import { temporaryFolder } from "../folder";
import { type Result, resultOf, send } from "../processes";
import { UNHURRIED } from "./program";

const STACK = "dev";

// A command of the CLI takes seconds of processor time, many times that where other work shares the machine.
jest.setTimeout(240_000);

export interface Options {
  /** Configuration of the stack that differs from what fits the database; undefined takes a key away. */
  config?: Record<string, string | undefined>;
  /** Environment of every command; undefined takes a variable away. */
  env?: NodeJS.ProcessEnv;
  /** Folder of the project; this one if none is given. */
  project?: string;
  /** Name of the project, where it rolls out something else: then all parameters are in `config`. */
  name?: string;
}

/** For what no policy decides: starting the pack is a quarter of a command's processor time. */
export const WITHOUT_PACK = { env: { PULUMI_OPTION_POLICY_PACK: "" } } satisfies Options;

const ONE_ROOF = "one-roof";

/** The real CLI on one database, with a backend, a state and a stack file of its own. */
export interface Engine {
  /** The state backend, the stack file and the evidence are in here. */
  folder: string;
  env: NodeJS.ProcessEnv;
  /** Makes the backend and its empty stack, which else the first command does. */
  ready(): Promise<void>;
  preview(...args: string[]): Promise<Result>;
  up(...args: string[]): Promise<Result>;
  /** As `npm run destroy` does it: the program runs and rehearses the way back. */
  destroy(...args: string[]): Promise<Result>;
  refresh(...args: string[]): Promise<Result>;
  /** Any command with nothing added but what keeps it from asking. */
  run(...args: string[]): Promise<Result>;
  /** Changes the stack's configuration; undefined takes a key away. */
  configure(config: Record<string, string | undefined>): void;
  /** What the state holds. */
  resources(): Resource[];
  remove(): void;
}

export interface Resource {
  urn: string;
  type: string;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}

/** A stack on the database of `url`, removed after the last test of the file. */
export function engine(
  url: string,
  { config = {}, env = {}, project = process.cwd(), name = ONE_ROOF }: Options = {},
): Engine {
  const folder = temporaryFolder();
  const stackFile = path.join(folder, `Pulumi.${STACK}.yaml`);
  const values: Record<string, string | undefined> = {
    ...(name === ONE_ROOF && { database: new URL(url).pathname.slice(1), ratifiedApr: RATIFIED }),
    holdBudget: UNHURRIED,
    evidence: path.join(folder, "evidence"),
  };
  const configure = (changes: Record<string, string | undefined>) => {
    writeFileSync(stackFile, stackFileOf(name, Object.assign(values, changes)));
  };
  const running = new Set<ChildProcess>();
  const environment: NodeJS.ProcessEnv = { ...baseEnvironment(folder), DATABASE_URL: url, ...env };
  let made: Promise<void> | undefined;
  const start = (...args: string[]) =>
    runCli([...args, "--color", "never"], { cwd: project, env: environment, running });
  const ready = () => (made ??= createStack(folder, name, start));
  const run = async (...args: string[]) => {
    await ready();
    environment.ROLLOUT_COMMAND = args[0];
    environment.ROLLOUT_RUN_PROGRAM =
      args.findLast((each) => each.startsWith("--run-program")) === "--run-program" ? "true" : "";
    return start(...args);
  };
  const operation = (command: string, ...options: string[]) => {
    return (...args: string[]) => run(command, "--config-file", stackFile, "--non-interactive", ...options, ...args);
  };
  const remove = () => {
    for (const { pid } of running) if (pid !== undefined) send(-pid, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  configure(config);
  atEnd(remove);
  return {
    folder,
    env: environment,
    ready,
    preview: operation("preview"),
    up: operation("up", "--yes"),
    destroy: operation("destroy", "--yes", "--run-program"),
    refresh: operation("refresh", "--yes"),
    run,
    configure,
    resources: () => readState(folder, name).filter(({ type }) => type.endsWith(":Tier")),
    remove,
  };
}

/** The same for the length of one use, whatever its end. */
export async function withEngine<T>(url: string, options: Options, use: (engine: Engine) => Promise<T>): Promise<T> {
  const own = engine(url, options);
  try {
    return await use(own);
  } finally {
    own.remove();
  }
}

function stackFileOf(name: string, values: Record<string, string | undefined>): string {
  const lines = Object.entries(values).filter(([, value]) => value !== undefined);
  const salt = /^encryptionsalt: .*$/m.exec(readFileSync(`Pulumi.${STACK}.yaml`, "utf8"))?.[0] ?? "";
  return `${salt}\nconfig:\n${lines.map(([key, value]) => `  ${name}:${key}: ${JSON.stringify(value)}\n`).join("")}`;
}

/** Nothing of the caller's own rollout, database or backend gets in. */
function baseEnvironment(folder: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([key]) => !/^(PULUMI|PG|ROLLOUT|DATABASE_URL)/.test(key));
  return {
    ...Object.fromEntries(inherited),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_OPTION_POLICY_PACK: "./policy",
    PULUMI_BACKEND_URL: pathToFileURL(folder).href,
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_STACK: STACK,
    PULUMI_HOME: pulumiHome(),
    NODE_OPTIONS: [process.env.NODE_OPTIONS, ON_DEMAND].join(" ").trim(),
    PATH: engineFolder() + path.delimiter + (process.env.PATH ?? ""),
  };
}

interface Start {
  cwd: string;
  env: NodeJS.ProcessEnv;
  running: Set<ChildProcess>;
}

/** Each command leads a process group, so that a test that gives up ends the CLI with all that it started. */
function runCli(args: readonly string[], { cwd, env, running }: Start): Promise<Result> {
  const binary = path.join(engineFolder(), "pulumi");
  const child = spawn(binary, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  return resultOf(child).finally(() => running.delete(child));
}

/** Files of a backend with one empty stack, by project: made by the CLI once, written out for every further engine. */
const pristine = new Map<string, ReadonlyMap<string, Buffer>>();

async function createStack(
  folder: string,
  project: string,
  start: (...args: string[]) => Promise<Result>,
): Promise<void> {
  if (existsSync(stateFile(folder, project))) return;
  const own = path.join(folder, ".pulumi");
  const known = pristine.get(project);
  if (!known) {
    const { code, output } = await start("stack", "init", STACK, "--non-interactive", "--no-select");
    if (code !== 0) throw new Error(`The stack could not be created:\n${output}`);
    pristine.set(project, filesIn(own));
    return;
  }
  for (const [name, content] of known) {
    mkdirSync(path.dirname(path.join(own, name)), { recursive: true });
    writeFileSync(path.join(own, name), content);
  }
}

function filesIn(folder: string): Map<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map(({ parentPath, name }) => path.join(parentPath, name));
  return new Map(names.map((name) => [path.relative(folder, name), readFileSync(name)]));
}

/** Where a backend in this folder keeps the state. */
export function stateFile(folder: string, name = ONE_ROOF): string {
  return path.join(folder, ".pulumi", "stacks", name, `${STACK}.json`);
}

/** A backend in which a stack has been before: its state, as an engine has written it. */
export function restore(folder: string, name: string, state: string): void {
  const file = stateFile(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  // Without it the folder would be taken for a backend of an older format.
  writeFileSync(path.join(folder, ".pulumi", "meta.yaml"), "version: 1\n");
  writeFileSync(file, state);
}

function readState(folder: string, name: string): Resource[] {
  const { checkpoint } = JSON.parse(readFileSync(stateFile(folder, name), "utf8"));
  return checkpoint.latest?.resources ?? [];
}
