/**
 * The declaration as resources of Pulumi's PostgreSQL plugin. What the rollout grants is none of them, and neither is the
 * login's membership in owner and executor: those come and go with rollouts and approvals.
 */
import * as postgresql from "@pulumi/postgresql";
import type { CustomResource } from "@pulumi/pulumi";
import type { AccessDeclaration, Grant, GrantedKind, RoleAttributes } from "../provider";
import { Approvals } from "./approvals-resource";
import { approvalTable } from "./approvals";
import { approvalsSql, removeApprovalsSql } from "./sql";

export interface AccessTarget {
  readonly database: string;
  /** Names of sequences that are not called as PostgreSQL calls them, by the table for whose key they stand. */
  readonly sequences: Readonly<Record<string, string>>;
}

/** Registers everything that the access project makes. */
export function registerAccess(declaration: AccessDeclaration, target: AccessTarget): void {
  const { names, roles, memberships, owned } = declaration;
  const made = new Map(roles.map((role) => [role.name, registerRole(declaration, role)]));
  const role = (name: string): CustomResource => {
    const found = made.get(name);
    if (!found) throw new Error(`Nothing declares the role ${name}.`);
    return found;
  };
  const admins = memberships
    .filter(({ admin }) => admin)
    .map(
      ({ role: granted, member }) =>
        new postgresql.GrantRole(
          `${member} administers ${granted}`,
          { role: member, grantRole: granted, withAdminOption: true },
          // A role takes its memberships along.
          { dependsOn: [role(granted), role(member)], deletedWith: role(member) },
        ),
    );
  const schemas = owned
    .filter(({ kind }) => kind === "schema")
    .map(
      ({ object, owner }) =>
        new postgresql.Schema(
          object,
          { name: object, owner, database: target.database, ifNotExists: false },
          { dependsOn: role(owner) },
        ),
    );
  // It refuses to go while a rollout stands. All else waits for it, so it is the first to be deleted.
  const approvals = new Approvals(
    approvalTable(names),
    {
      database: target.database,
      sql: approvalsSql(declaration),
      removal: removeApprovalsSql(declaration),
    },
    { dependsOn: [...made.values(), ...schemas, ...admins] },
  );
  for (const args of groupGrants(declaration.grants, target)) {
    new postgresql.Grant(nameOf(args), args, { dependsOn: approvals, deletedWith: role(args.role) });
  }
}

/** A role with its plain memberships: the plugin takes back those that a role does not name when it changes it. */
function registerRole({ names, memberships }: AccessDeclaration, role: RoleAttributes): postgresql.Role {
  const { name, attributes, settings } = role;
  const has = (attribute: string) => attributes.includes(attribute);
  const roles = memberships.filter(({ member, admin }) => member === name && !admin).map((each) => each.role);
  const { statement_timeout: timeout } = settings;
  return new postgresql.Role(
    name,
    {
      name,
      login: has("LOGIN"),
      inherit: has("INHERIT"),
      createRole: has("CREATEROLE"),
      createDatabase: has("CREATEDB"),
      superuser: has("SUPERUSER"),
      replication: has("REPLICATION"),
      bypassRowLevelSecurity: has("BYPASSRLS"),
      roles,
      ...(timeout !== undefined && { statementTimeout: Number(timeout) }),
    },
    // A password is set by a person. Validity and memberships of the login are the approver's.
    { ignoreChanges: ["password", ...(name === names.login || name === names.access ? ["roles", "validUntil"] : [])] },
  );
}

export interface GrantArgs {
  readonly database: string;
  readonly role: string;
  readonly schema?: string;
  readonly objectType: string;
  readonly objects?: string[];
  readonly privileges: string[];
}

const OBJECT_TYPES: Readonly<Record<GrantedKind, string>> = {
  database: "database",
  schema: "schema",
  table: "table",
  sequences: "sequence",
  function: "function",
};

/**
 * One resource for all objects of a schema on which a role has the same privileges. No object is in two of one role: the
 * plugin takes back whatever a role has on an object before it grants.
 */
export function groupGrants(grants: readonly Grant[], target: AccessTarget): GrantArgs[] {
  const groups = new Map<string, GrantArgs>();
  for (const { role, kind, object, privileges } of grants.filter(({ by }) => by === undefined)) {
    const { database } = target;
    const args = { database, role, objectType: OBJECT_TYPES[kind], privileges: Array.from(privileges).sort() };
    const [schema = "", name = ""] = object.split(/\.(.*)/);
    const key = [role, kind, schema, ...args.privileges].join(" ");
    if (kind === "database") groups.set(key, args);
    else if (kind === "schema") groups.set(key, { ...args, schema: object });
    else {
      const objects = [
        ...(groups.get(key)?.objects ?? []),
        kind === "sequences" ? sequenceOf(object, target) : bare(name),
      ];
      groups.set(key, { ...args, schema, objects });
    }
  }
  return Array.from(groups.values());
}

/** As PostgreSQL calls the sequence of a serial key. */
function sequenceOf(table: string, { sequences }: AccessTarget): string {
  return sequences[table] ?? `${table.slice(table.indexOf(".") + 1)}_id_seq`;
}

/** A function without its arguments: none of ours is overloaded. */
function bare(name: string): string {
  return name.replace(/\(.*$/, "");
}

function nameOf({ role, privileges, objectType, schema = "", objects = [] }: GrantArgs): string {
  const [one] = objects;
  const what = objects.length === 1 && one !== undefined ? `${schema}.${one}` : schema;
  return `${role}: ${privileges.join(", ")} on ${[objects.length > 1 ? `${objectType}s of` : objectType, what].join(" ").trim()}`;
}
