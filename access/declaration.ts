/**
 * Who may do what in a production database. Nothing of it is typed by hand: relations come from the SQL that reads and
 * writes them, objects and rows from the declarations of the tiers. The SQL rendering, the Pulumi program and the audit
 * all take it from here.
 */
import {
  type AccessDeclaration,
  type Grant,
  type Owned,
  type RoleAttributes,
  type Roles,
  rolesOf,
  type TierDeclaration,
} from "../provider";
import { rollout } from "../tiers";
import { approvalFunctions, approvalTable, signature } from "./approvals";
import { drawnFrom, namedByTiers, readBy, readByReadings, referencedBy } from "./relations";

const made = (kind: "table" | "view" | "function") => rollout.tiers.flatMap(({ delta }) => delta.objects[kind] ?? []);
const TABLES = made("table");
const VIEWS = made("view");
const FUNCTIONS = made("function");

/** Readings that count what people have approved: whoever is judged by them must not write there. */
const APPROVAL_READINGS = ["ospa", "ratified_request", "apr_approvals"];

/** The one predefined role that readings need: it shows what other sessions do. */
const SEES_SESSIONS = "pg_read_all_stats";

const READ_ONLY = { default_transaction_read_only: "on" };

export interface AccessOptions {
  /** Roles beside the declared one that may read the seven views of the user interface. */
  readonly readers?: readonly string[];
  /** Roles beside superusers that administer ours. */
  readonly administrators?: readonly string[];
}

/** The whole declaration. Throws when the rollout has no roles. */
export function declareAccess({ readers = [], administrators = [] }: AccessOptions = {}): AccessDeclaration {
  const names = rolesOf(rollout);
  return {
    names,
    roles: declareRoles(names),
    memberships: [
      ...[names.owner, names.executor, names.monitor].map((member) => ({ role: SEES_SESSIONS, member })),
      ...[names.owner, names.executor, names.login].map((role) => ({ role, member: names.access, admin: true })),
    ],
    grants: merge([
      ...rights(names),
      ...approvalRights(names),
      ...rightsOnTheApplication(names),
      ...rightsOnTheRollout(names, readers),
    ]),
    owned: declareOwned(names),
    bodies: Object.fromEntries(approvalFunctions(names).map((each) => [signature(names, each), each.body])),
    approvals: Array.from(new Set(APPROVAL_READINGS.flatMap(readBy))),
    administrators,
  };
}

function declareRoles(names: Roles): RoleAttributes[] {
  const role = (name: string, about: string, attributes: string[] = ["INHERIT"], settings = {}): RoleAttributes => ({
    name,
    about,
    attributes,
    settings,
  });
  return [
    role(names.owner, "Owns what the rollout makes. Nobody logs in as it."),
    role(names.executor, "May do what the tiers declare. Nobody logs in as it."),
    // Without INHERIT a membership gives nothing until the session says SET ROLE.
    role(names.login, "Logs in for a rollout, while an approval is in force.", ["LOGIN"]),
    role(names.approver, "Gives and takes the right to roll out. People are members of it."),
    role(names.reader, "Reads the views of the user interface.", ["INHERIT", "LOGIN"], {
      ...READ_ONLY,
      // In milliseconds: the Pulumi plugin reads no unit.
      statement_timeout: "5000",
    }),
    role(names.monitor, "Reads what gates and verification measure.", ["INHERIT", "LOGIN"], READ_ONLY),
    // VALID UNTIL of another role is a matter of CREATEROLE; nobody can become this role.
    role(names.access, "Owns the approvals, and acts for the approver.", ["INHERIT", "CREATEROLE"]),
  ];
}

/** Database and schemas. */
function rights({ owner, executor, login, reader, monitor }: Roles): Grant[] {
  const mayUse = (role: string, ...privileges: string[]): Grant => ({
    role,
    kind: "schema",
    object: "public",
    privileges: ["USAGE", ...privileges],
  });
  return [
    ...[login, reader, monitor].map((role): Grant => ({ role, kind: "database", object: "", privileges: ["CONNECT"] })),
    mayUse(owner, "CREATE"),
    ...[executor, reader, monitor].map((role) => mayUse(role)),
    ...[executor, monitor].map((role): Grant => ({
      role,
      kind: "schema",
      object: rollout.ledgerSchema,
      privileges: ["USAGE"],
    })),
  ];
}

function approvalRights(names: Roles): Grant[] {
  const { executor, login, monitor, approver, access } = names;
  const [approve = "", withdraw = ""] = approvalFunctions(names).map((each) => signature(names, each));
  const mayCall =
    (object: string) =>
    (role: string): Grant => ({
      role,
      kind: "function",
      object,
      privileges: ["EXECUTE"],
    });
  return [
    ...[executor, login, monitor, approver].map((role): Grant => ({
      role,
      kind: "schema",
      object: access,
      privileges: ["USAGE"],
    })),
    ...[executor, monitor, approver].map((role) => mayRead(role, approvalTable(names))),
    mayCall(approve)(approver),
    ...[approver, executor, login].map(mayCall(withdraw)),
  ];
}

/** What the rollout reads, references and seeds of what the application owns. */
function rightsOnTheApplication({ owner, executor, monitor }: Roles): Grant[] {
  const own = new Set([...TABLES, ...VIEWS]);
  const others = (relations: readonly string[]) =>
    relations.filter((relation) => !own.has(relation) && !FUNCTIONS.some((each) => each.startsWith(`${relation}(`)));
  const read = others([...readByReadings(), ...namedByTiers()]);
  const seeded = rowsOf(rollout.tiers).filter(({ shared }) => shared);
  return [
    ...[owner, executor].flatMap((role) => read.map((relation) => mayRead(role, relation))),
    ...others(readByReadings()).map((relation) => mayRead(monitor, relation)),
    ...structureFiles().flatMap((file) =>
      others(referencedBy(file)).map((object): Grant => ({
        role: owner,
        kind: "table",
        object,
        privileges: ["REFERENCES"],
      })),
    ),
    ...seeded.flatMap(({ table: object }): Grant[] => [
      { role: executor, kind: "table", object, privileges: ["INSERT", "DELETE"] },
      { role: executor, kind: "sequences", object, privileges: ["USAGE"] },
    ]),
  ];
}

/** What the SQL of Tier 1 gives on what it makes: a view that is made anew has lost what anybody else gave. */
function rightsOnTheRollout({ executor, reader, monitor }: Roles, readers: readonly string[]): Grant[] {
  const ledger = `${rollout.ledgerSchema}.ledger`;
  const relations = [...TABLES, ...VIEWS];
  const written = rowsOf(rollout.tiers).filter(({ shared }) => !shared);
  const given: Grant[] = [
    ...[executor, monitor].flatMap((role) => [...relations, ledger].map((relation) => mayRead(role, relation))),
    ...UI_VIEWS.map((view) => mayRead(reader, view)),
    // UPDATE: tiers mark rows that differ, and a scan renews what it has found before.
    ...written.map(({ table: object, operational }): Grant => ({
      role: executor,
      kind: "table",
      object,
      privileges: ["INSERT", "UPDATE", "DELETE", ...(operational ? ["TRUNCATE"] : [])],
    })),
    { role: executor, kind: "table", object: ledger, privileges: ["INSERT"] },
    ...structureFiles().flatMap((file) =>
      drawnFrom(file).map((object): Grant => ({ role: executor, kind: "sequences", object, privileges: ["USAGE"] })),
    ),
    ...FUNCTIONS.map((object): Grant => ({ role: executor, kind: "function", object, privileges: ["EXECUTE"] })),
  ];
  return [
    ...given.map((grant): Grant => ({ ...grant, by: "rollout" })),
    ...FUNCTIONS.map((object): Grant => ({
      role: "PUBLIC",
      kind: "function",
      object,
      privileges: ["EXECUTE"],
      by: "default",
    })),
    // Tier 1 passes over readers that do not exist.
    ...readers.flatMap((role) => UI_VIEWS.map((view): Grant => ({ ...mayRead(role, view), by: "default" }))),
  ];
}

const UI_VIEWS = VIEWS.filter((view) => view.startsWith("public.v_ui_"));

function declareOwned(names: Roles): Owned[] {
  const { owner, access } = names;
  return [
    { kind: "schema", object: rollout.ledgerSchema, owner },
    { kind: "schema", object: access, owner: access },
    { kind: "table", object: approvalTable(names), owner: access },
    ...approvalFunctions(names).map((each): Owned => ({
      kind: "function",
      object: signature(names, each),
      owner: access,
    })),
    ...[...TABLES, ...VIEWS, `${rollout.ledgerSchema}.ledger`].map((object): Owned => ({
      kind: "table",
      object,
      owner,
      by: "rollout",
    })),
    ...FUNCTIONS.map((object): Owned => ({ kind: "function", object, owner, by: "rollout" })),
  ];
}

function mayRead(role: string, object: string): Grant {
  return { role, kind: "table", object, privileges: ["SELECT"] };
}

/** The files of tiers that make objects or define them anew. */
function structureFiles(): string[] {
  const defines = ({ delta: { objects, changes = {} } }: TierDeclaration) =>
    Object.keys({ ...objects, ...changes }).length > 0;
  return rollout.tiers.filter(defines).map(({ apply }) => apply);
}

/** The tables that tiers seed, each once. */
function rowsOf(tiers: readonly TierDeclaration[]) {
  const rows = new Map<string, { table: string; shared: boolean; operational: boolean }>();
  for (const [table, { shared = false, operational = false }] of tiers.flatMap(({ delta }) =>
    Object.entries(delta.rows),
  )) {
    const known = rows.get(table);
    rows.set(table, {
      table,
      shared: shared || known?.shared === true,
      operational: operational || known?.operational === true,
    });
  }
  return Array.from(rows.values());
}

/** One row for each role and object: whoever grants them one after the other may take back the one before. */
function merge(grants: readonly Grant[]): Grant[] {
  const merged = new Map<string, Grant>();
  for (const grant of grants) {
    const key = [grant.role, grant.kind, grant.object, grant.by].join(" ");
    const privileges = new Set([...(merged.get(key)?.privileges ?? []), ...grant.privileges]);
    merged.set(key, { ...grant, privileges: Array.from(privileges) });
  }
  return Array.from(merged.values());
}
