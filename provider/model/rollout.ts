/**
 * The words in which a rollout is declared. Plain data: nothing here knows a database, a table or a
 * gate of any particular rollout; `tiers/` is the one that ships with this project.
 */
import { RolloutError } from "./errors";

/** One named value measured on the database; null when its source is missing or may not be read. */
export type Reading = number | string | null;

/** All readings that one probe took, by name. */
export type Readings = Readonly<Record<string, Reading>>;

/** How one reading moved; a reading that could not be taken is null, or left out on its way through Pulumi. */
export interface Movement {
  readonly before?: Reading;
  readonly after?: Reading;
}

/** Where a stop gate stands: before the tier's first write, or before its COMMIT. */
export type GatePosition = "entry" | "exit";

/** A condition on one reading. False, null or not measured means stop. */
export interface Gate {
  /** Name of the reading that is judged, and so the name of the gate. */
  readonly name: string;
  readonly at: GatePosition;
  readonly operator: "=" | ">=" | "in";
  /** The wanted value as text (`in`: a comma-separated list), or the parameter that holds it. */
  readonly expected: string | { readonly parameter: string };
  /** What the gate protects, for a reader who does not know SQL. */
  readonly meaning: string;
  /** What to do when it stops a rollout. */
  readonly remedy: string;
  /** The place in the specification that demands it. */
  readonly source: string;
}

/** Rows that a tier may add: exactly so many, or as many as its own rehearsal in this run, within bounds. */
export type RowCount = number | { readonly from: number; readonly to: number };

/** Rows that a transaction has written in one table. */
export interface RowCounters {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/** What a tier may do to one table. */
export interface RowContract {
  readonly inserted: RowCount;
  /** SQL condition that is true for this tier's rows and no other tier's. */
  readonly own: string;
  /** The table is the application's own: it may grow columns, and what stands in them is not the tier's. */
  readonly shared?: boolean;
  /** Rows that live on after the tier (scan results): they may change without being drift. */
  readonly operational?: boolean;
}

/** How one reading moves across the tier. */
export interface ReadingContract {
  readonly before: Reading;
  readonly after: Reading | { readonly from: number; readonly to: number };
}

/** Kinds of catalog object that a delta counts. */
export type ObjectKind = "table" | "view" | "function";

/** Schema-qualified names (functions with argument types), by kind. */
export type ObjectNames = Readonly<Partial<Record<ObjectKind, readonly string[]>>>;

/** The declared delta of a tier: what it changes, and by omission what it must leave alone. */
export interface DeltaContract {
  /** What the tier creates. */
  readonly objects: ObjectNames;
  /**
   * What earlier tiers created and this one defines anew: a view, a function, a table that grows a column. Each must be defined
   * otherwise afterwards, and the rollback must define it as before. No row of a table may be rewritten.
   */
  readonly changes?: ObjectNames;
  /** Schema-qualified table name to what may happen to it. */
  readonly rows: Readonly<Record<string, RowContract>>;
  readonly readings: Readonly<Record<string, ReadingContract>>;
  /**
   * Schema-qualified tables of the application that the tier locks so that others wait until its COMMIT, up or down: a foreign
   * key that points to one. The statement must name the table, and stand last in its file.
   */
  readonly locks?: readonly string[];
}

/** One step of a rollout. */
export interface TierDeclaration {
  readonly tier: number;
  /** Short name in kebab case, used in resource names. */
  readonly name: string;
  readonly title: string;
  /** The SQL file that applies the tier, from the project's root. */
  readonly apply: string;
  /** The SQL file that rolls it back; a tier without one never writes. */
  readonly rollback?: string;
  readonly gates: readonly Gate[];
  readonly delta: DeltaContract;
  /** Names of the parameters that the SQL file reads. */
  readonly parameters: readonly string[];
}

/** A value that reaches SQL as a session setting. */
export interface Parameter {
  /** Name of the setting, such as `one_roof.database`. */
  readonly setting: string;
  readonly default?: string;
}

/**
 * The database roles of a rollout. They take part in a database whose schema `access` exists and belongs to the role
 * `access`; elsewhere, on a clone for one, the login works with its own rights.
 */
export interface Roles {
  /** Owns what the rollout makes; the only one that may create. Nobody logs in as it. */
  readonly owner: string;
  /** May do what the tiers declare, and nothing else. Nobody logs in as it. */
  readonly executor: string;
  /** Logs in for a rollout; it can do nothing but become owner or executor, and that only while an approval is in force. */
  readonly login: string;
  /** Gives and takes the login's right to become owner and executor. */
  readonly approver: string;
  /** Reads what the rollout shows. */
  readonly reader: string;
  /** Reads what gates and verification measure. */
  readonly monitor: string;
  /** Owns the schema of the same name, in which approvals are kept. Nobody logs in as it. */
  readonly access: string;
}

/** A whole rollout. */
export interface Rollout {
  readonly name: string;
  /** Its database roles; none where the login works with its own rights everywhere. */
  readonly roles?: Roles;
  /** The file that takes all readings: one pure SELECT of (reading, value), and `told` where it tells more for people. */
  readonly probe: string;
  /** The file that tells who has signed: one pure SELECT of (source, key, signer, decision, signed_at, digest). */
  readonly signatures?: string;
  /** The file that reads all that the user interface reads: one pure SELECT of (view_name, rows, columns), each `FROM schema.view AS`. */
  readonly readContract?: string;
  /** Schema of the ledger, created with the first tier that writes and dropped with its rollback. */
  readonly ledgerSchema: string;
  /** Key of the advisory lock that excludes every other rollout, shared with the SQL files. */
  readonly lock: readonly [number, number];
  /** Schema field by which the gate notices of the SQL files are known. */
  readonly noticeSchema: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** The parameter that names the database. */
  readonly databaseParameter: string;
  /** The parameter that names the request by which the rollout was ratified; an approval has to name the same one. */
  readonly requestParameter?: string;
  /** Readings that must be identical at entry and exit of every tier. */
  readonly invariants: readonly string[];
  /** As they are listed, so they run, whatever their numbers; but what only reads and is not the first runs last. */
  readonly tiers: readonly TierDeclaration[];
}

/** True if the tier changes the database. */
export function writes(tier: TierDeclaration): boolean {
  return tier.rollback !== undefined;
}

/**
 * The rollout with its tiers in the order in which they run. A release appends tiers, and the verification that closes the
 * rollout comes after them, wherever it is listed. Throws when two tiers have one number.
 */
export function inOrder(rollout: Rollout): Rollout {
  const { tiers } = rollout;
  const twice = tiers.find(({ tier }, index) => tiers.findIndex((each) => each.tier === tier) !== index);
  if (twice)
    throw new RolloutError(`Rollout ${rollout.name} lists two tiers of number ${twice.tier}. Number one anew.`);
  const closes = (declaration: TierDeclaration, index: number) => index > 0 && !writes(declaration);
  return {
    ...rollout,
    tiers: [...tiers.filter((each, index) => !closes(each, index)), ...tiers.filter(closes)],
  };
}

/** Whether a tier runs after another one; every tier runs after -1. One that the rollout does not have runs after all. */
export function isAfter(rollout: Rollout, tier: number, other: number): boolean {
  return placeOf(rollout, tier) > (other < 0 ? other : placeOf(rollout, other));
}

/** The place of a tier in the order, from 0. One that the rollout does not have comes after all. */
export function placeOf({ tiers }: Rollout, tier: number): number {
  const place = tiers.findIndex((each) => each.tier === tier);
  return place < 0 ? tiers.length : place;
}

/** The number of the tier that runs right before another one; none before the first. */
export function tierBefore({ tiers }: Rollout, tier: number): number | undefined {
  return tiers[tiers.findIndex((each) => each.tier === tier) - 1]?.tier;
}

/** True for the tier that is registered before all others. */
export function isFirstTier({ tiers }: Rollout, tier: number): boolean {
  return tier === tiers[0]?.tier;
}

/** Its database roles. Throws when it declares none. */
export function rolesOf({ name, roles }: Pick<Rollout, "name" | "roles">): Roles {
  if (!roles) throw new Error(`Rollout ${name} declares no roles.`);
  return roles;
}

/** The declaration of a tier by its number. Throws when the rollout has none of that number. */
export function tierOf(rollout: Rollout, tier: number): TierDeclaration {
  const found = rollout.tiers.find((each) => each.tier === tier);
  if (!found) throw new Error(`Rollout ${rollout.name} has no tier ${tier}.`);
  return found;
}

/** The name of a table or view without its schema, as SQL has it. */
export function bare(name: string): string {
  return name.slice(name.indexOf(".") + 1);
}
