/** The declaration as SQL: what a superuser runs, what the embedded database runs, and what the Pulumi plugin cannot say. */
import type { AccessDeclaration, RoleAttributes } from "../provider";
import { createApprovals } from "./approvals";
import { createdGrants, grantWhereItIs, takeOver } from "./sql-grants";

/** One script, in one transaction, that brings a database to what is declared. It may be run again. */
export function installSql(declaration: AccessDeclaration): string {
  const { roles, memberships, grants } = declaration;
  return transaction(
    requireGround(declaration),
    `-- Roles. One that is there already becomes what is declared; its password stays.\n${roles.map(createRole).join("\n")}`,
    becomeAdministrator(declaration),
    `-- Memberships. With ADMIN OPTION approve() and withdraw() give and take; the login itself is a member of nothing.
${memberships
  .map(({ role, member, admin }) => `GRANT ${role} TO ${member}${admin ? " WITH ADMIN OPTION" : ""};`)
  .join("\n")}`,
    `-- Schemas.\n${schemasOf(declaration)
      .map(({ object, owner }) => `CREATE SCHEMA IF NOT EXISTS ${object} AUTHORIZATION ${owner};`)
      .join("\n")}`,
    objectsSql(declaration),
    `-- Rights on what is there before the rollout.\n${createdGrants(grants)}`,
    takeOver(declaration),
    `-- Rights that the rollout gives: again, where it stands already.
${grantWhereItIs(grants.filter(({ by }) => by === "rollout"))}`,
    resignAsAdministrator(declaration),
  );
}

/** What the Pulumi plugin has no resource for: the table, functions with an owner and a path, settings, PUBLIC. */
export function approvalsSql(declaration: AccessDeclaration): string {
  return transaction(becomeAdministrator(declaration), objectsSql(declaration), resignAsAdministrator(declaration));
}

/** Takes that back. Refuses while a rollout stands. */
export function removeApprovalsSql(declaration: AccessDeclaration): string {
  return transaction(
    requireNoRollout(declaration),
    becomeAdministrator(declaration),
    removeObjectsSql(declaration),
    resignAsAdministrator(declaration),
  );
}

function objectsSql({ names, roles }: AccessDeclaration): string {
  const settings = roles.flatMap((role) =>
    Object.entries(role.settings).map(([key, value]) => [role.name, key, value]),
  );
  return `-- Approvals. Nothing is built on what others have put there.
DO $ground$
DECLARE
  found text;
BEGIN
  SELECT string_agg(format('%s of %s', relname, pg_get_userbyid(relowner)), ', ') INTO found
  FROM pg_class WHERE relnamespace = to_regnamespace('${names.access}') AND pg_get_userbyid(relowner) <> '${names.access}';
  IF found IS NOT NULL THEN
    RAISE EXCEPTION 'Schema ${names.access} holds what others have made: %.', found
      USING ERRCODE = '55000', HINT = 'Nothing was changed. Find out who made it, and drop it.';
  END IF;
END
$ground$;
SET LOCAL ROLE ${names.access};
${createApprovals(names)}
RESET ROLE;

-- Settings with which sessions begin.
${settings.map(([role = "", key = "", value = ""]) => `ALTER ROLE ${role} SET ${key} = '${value}';`).join("\n")}

-- At rest nobody creates: no names that shadow those of the application, and no schemas. Until somebody approves, the login
-- is a member of nothing and its password not valid, whatever a database that is gone has left of an approval.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
DO $rest$
BEGIN
  EXECUTE format('REVOKE CREATE ON DATABASE %I FROM PUBLIC', current_database());
  IF NOT EXISTS (SELECT FROM ${names.access}.approval WHERE withdrawn_at IS NULL AND valid_until > clock_timestamp()) THEN
    EXECUTE format('ALTER ROLE ${names.login} VALID UNTIL %L', clock_timestamp());
    IF EXISTS (SELECT FROM pg_auth_members WHERE pg_get_userbyid(member) = '${names.login}'
               AND pg_get_userbyid(roleid) IN ('${names.owner}', '${names.executor}')) THEN
      PERFORM ${names.access}.withdraw();
    END IF;
  END IF;
END
$rest$;`;
}

/** Takes everything back, in one transaction. Refuses while a rollout stands. */
export function removeSql(declaration: AccessDeclaration): string {
  const { names } = declaration;
  // What gives and takes memberships goes first: the others are then known to nobody.
  const roles = [names.access, ...declaration.roles.map(({ name }) => name).filter((name) => name !== names.access)];
  return transaction(
    requireNoRollout(declaration),
    becomeAdministrator(declaration, roles),
    removeObjectsSql(declaration),
    `-- What else belongs to a role goes to whoever runs this; what was granted to it is taken.
${forEachRole(
  roles,
  `    EXECUTE format('REASSIGN OWNED BY %I TO %I', role, current_user);
    EXECUTE format('DROP OWNED BY %I CASCADE', role);`,
)}
${schemasOf(declaration)
  .map(({ object }) => `DROP SCHEMA IF EXISTS ${object};`)
  .join("\n")}`,
    `-- A role that another database of this server knows stays, without a right in this one.
${forEachRole(
  roles,
  `    BEGIN
      EXECUTE format('DROP ROLE %I', role);
    EXCEPTION WHEN dependent_objects_still_exist THEN
      RAISE WARNING 'Role % stays: another database of this server still knows it.', role;
    END;`,
)}`,
  );
}

function removeObjectsSql({ names }: AccessDeclaration): string {
  return `-- Approvals: what is in force ends first.
DO $approvals$
BEGIN
  IF to_regprocedure('${names.access}.withdraw()') IS NOT NULL THEN
    PERFORM ${names.access}.withdraw();
  END IF;
END
$approvals$;
DROP FUNCTION IF EXISTS ${names.access}.approve(text, text, interval);
DROP FUNCTION IF EXISTS ${names.access}.withdraw();
DROP TABLE IF EXISTS ${names.access}.approval;`;
}

/** Refuses where something of a rollout is there: its owner would be gone, and nobody could roll it back. */
function requireNoRollout({ owned }: AccessDeclaration): string {
  const made = owned.filter(({ by, kind }) => by === "rollout" && kind === "table").map(({ object }) => `'${object}'`);
  return `DO $rollout$
DECLARE
  standing text;
BEGIN
  SELECT string_agg(format('%I.%I', nspname, relname), ', ' ORDER BY relname) INTO standing
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE format('%I.%I', nspname, relname) = ANY (ARRAY[
    ${made.join(",\n    ")}]);
  IF standing IS NOT NULL THEN
    RAISE EXCEPTION 'A rollout stands here: %.', standing
      USING ERRCODE = '55000', HINT = 'Nothing was changed. Roll it back first: npm run destroy';
  END IF;
END
$rollout$;`;
}

/** In one transaction, under names and operators of PostgreSQL alone. */
function transaction(...parts: string[]): string {
  const settings = "SET LOCAL search_path = pg_catalog, pg_temp;\nSET LOCAL client_min_messages = warning;";
  return ["BEGIN;", settings, ...parts, "COMMIT;"].join("\n\n") + "\n";
}

function schemasOf({ owned }: AccessDeclaration) {
  return owned.filter(({ kind }) => kind === "schema");
}

/** Nothing is built on what others have put there in advance, under the name that is trusted afterwards. */
function requireGround({ names: { access } }: AccessDeclaration): string {
  return `DO $ground$
DECLARE
  found text;
BEGIN
  SELECT pg_get_userbyid(nspowner) INTO found FROM pg_namespace WHERE nspname = '${access}';
  IF found <> '${access}' THEN
    RAISE EXCEPTION 'Schema ${access} belongs to %, not to ${access}.', found
      USING ERRCODE = '55000', HINT = 'Nothing was changed. Find out who made it, and drop it.';
  END IF;
  SELECT string_agg(DISTINCT datname, ', ') INTO found FROM pg_shdepend JOIN pg_database AS database ON database.oid = dbid
  WHERE refclassid = 'pg_authid'::regclass AND refobjid = to_regrole('${access}') AND datname <> current_database();
  IF found IS NOT NULL THEN
    RAISE WARNING 'These roles are at work in % too. Roles belong to the whole server: who is approved in one database is so in all.', found;
  END IF;
END
$ground$;`;
}

const ATTRIBUTES: Readonly<Record<string, string>> = {
  LOGIN: "rolcanlogin",
  INHERIT: "rolinherit",
  CREATEROLE: "rolcreaterole",
  CREATEDB: "rolcreatedb",
  SUPERUSER: "rolsuper",
  REPLICATION: "rolreplication",
  BYPASSRLS: "rolbypassrls",
};

function createRole({ name, about, attributes }: RoleAttributes): string {
  const word = (attribute: string) => (attributes.includes(attribute) ? attribute : `NO${attribute}`);
  // Only those that differ are named: whoever does not have an attribute may not even take it.
  const differing = Object.entries(ATTRIBUTES).map(
    ([attribute, column]) =>
      `CASE WHEN ${attributes.includes(attribute) ? "NOT " : ""}${column} THEN '${word(attribute)}' END`,
  );
  return `DO $role$
DECLARE
  differing text;
BEGIN
  IF to_regrole('${name}') IS NULL THEN
    CREATE ROLE ${name} ${["LOGIN", "INHERIT"].map(word).join(" ")};
    COMMENT ON ROLE ${name} IS '${about.replaceAll("'", "''")}';
  END IF;
  SELECT concat_ws(' ', ${differing.join(", ")})
    INTO differing FROM pg_roles WHERE rolname = '${name}';
  IF differing <> '' THEN
    EXECUTE 'ALTER ROLE ${name} ' || differing;
  END IF;
END
$role$;`;
}

/** Whoever is no superuser makes what belongs to a role as a member of it. */
function becomeAdministrator({ names: { owner, access } }: AccessDeclaration, roles = [owner, access]): string {
  return forEachRole(
    roles,
    `    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
      EXECUTE format('GRANT %I TO %I', role, current_user);
    END IF;`,
  );
}

function resignAsAdministrator({ names }: AccessDeclaration): string {
  return `DO $administrator$
DECLARE
  given record;
BEGIN
  FOR given IN
    SELECT pg_get_userbyid(roleid) AS role FROM pg_auth_members
    WHERE pg_get_userbyid(member) = current_user AND member = grantor AND pg_get_userbyid(roleid) IN (${Object.values(
      names,
    )
      .map((name) => `'${name}'`)
      .join(", ")})
  LOOP
    EXECUTE format('REVOKE %I FROM %I', given.role, current_user);
  END LOOP;
END
$administrator$;`;
}

function forEachRole(roles: readonly string[], body: string): string {
  return `DO $roles$
DECLARE
  role text;
BEGIN
  FOREACH role IN ARRAY ARRAY[${roles.map((name) => `'${name}'`).join(", ")}] LOOP
    CONTINUE WHEN to_regrole(role) IS NULL;
${body}
  END LOOP;
END
$roles$;`;
}
