import { PULUMI } from "./command";
import type { Rollout } from "./rollout";
import { RolloutError } from "./errors";

/** Time-outs and texts of one run that hooks need; they never enter the state. Times in PostgreSQL's notation. */
export interface RunOptions {
  /** How long one statement waits for a lock before the whole transaction is given up (and tried again). */
  readonly lockTimeout: string;
  readonly statementTimeout: string;
  /** How long `create` and `delete` try again in all, in milliseconds. */
  readonly retryBudget: number;
  /** How long a rehearsal may hold a strong lock on an existing table, in milliseconds. */
  readonly holdBudget: number;
  /** Roles that may read the views, comma-separated. */
  readonly readerRoles: string;
  /** Folder of the evidence files. */
  readonly evidence: string;
}

export const DEFAULT_OPTIONS: RunOptions = {
  lockTimeout: "500ms",
  statementTimeout: "30s",
  retryBudget: 30_000,
  holdBudget: 2_000,
  readerRoles: "",
  evidence: "evidence",
};

let configured: RunOptions | undefined;

/** Takes the options from the stack's configuration, as Pulumi hands it to a dynamic provider when it starts. */
export function configure(get: (key: string) => string | undefined): void {
  configured = runOptions(get);
}

/** The options that `configure` took; the defaults before. */
export function configuredOptions(): RunOptions {
  return configured ?? DEFAULT_OPTIONS;
}

/** Reads one configuration value of the stack by its key. */
export type ConfigSource = (key: keyof RunOptions) => string | undefined;

/** The run's options from the stack's configuration, defaults where it is silent. Throws on an unusable value. */
export function runOptions(get: ConfigSource): RunOptions {
  return {
    lockTimeout: interval("lockTimeout", get("lockTimeout")),
    statementTimeout: interval("statementTimeout", get("statementTimeout")),
    retryBudget: milliseconds("retryBudget", get("retryBudget")),
    holdBudget: milliseconds("holdBudget", get("holdBudget")),
    readerRoles: get("readerRoles") ?? DEFAULT_OPTIONS.readerRoles,
    evidence: get("evidence") ?? DEFAULT_OPTIONS.evidence,
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000 };

/** Milliseconds of a text such as `500ms`, `30s`, `2min`; undefined when it is none or not above zero. */
export function parseInterval(text: string): number | undefined {
  const [, number, unit] = /^([1-9]\d{0,5})(ms|s|min)$/.exec(text) ?? [];
  return number === undefined || unit === undefined ? undefined : Number(number) * (UNITS[unit] ?? 1);
}

function interval(key: "lockTimeout" | "statementTimeout", text = DEFAULT_OPTIONS[key]): string {
  checked(key, text);
  return text;
}

function milliseconds(key: "retryBudget" | "holdBudget", text?: string): number {
  return text === undefined ? DEFAULT_OPTIONS[key] : checked(key, text);
}

function checked(key: string, text: string): number {
  const value = parseInterval(text);
  if (value !== undefined) return value;
  throw new RolloutError(
    `Configuration ${key}: expected a time such as 500ms, 30s or 2min, found "${text}". ` +
      `Set it with: ${PULUMI} config set ${key} 2s`,
  );
}

/** Values of the rollout's parameters by name, as they enter a tier. */
export type Parameters = Readonly<Record<string, string>>;

/** The name that the target database must have. */
export function expectedDatabase(rollout: Rollout, parameters: Parameters): string {
  const name = parameters[rollout.databaseParameter] ?? rollout.parameters[rollout.databaseParameter]?.default;
  if (name === undefined) throw new RolloutError(`Rollout ${rollout.name} declares no database to expect.`);
  return name;
}

/** Session settings by which parameters and options reach the SQL files. */
export function sessionSettings(rollout: Rollout, parameters: Parameters, options: RunOptions): Record<string, string> {
  const settings: Record<string, string> = {
    // For our own questions; the SQL files set the same for themselves, also when psql runs them.
    lock_timeout: options.lockTimeout,
    statement_timeout: options.statementTimeout,
    [`${rollout.noticeSchema}.lock_timeout`]: options.lockTimeout,
    [`${rollout.noticeSchema}.statement_timeout`]: options.statementTimeout,
  };
  if (options.readerRoles) settings[`${rollout.noticeSchema}.reader_roles`] = options.readerRoles;
  for (const [name, parameter] of Object.entries(rollout.parameters)) {
    settings[parameter.setting] = parameters[name] ?? parameter.default ?? "";
  }
  return settings;
}
