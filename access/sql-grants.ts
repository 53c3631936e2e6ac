/** Grants and owners as SQL. */
import type { AccessDeclaration, Grant } from "../provider";

/** Grants on what has to be there. */
export function createdGrants(grants: readonly Grant[]): string {
  const created = grants.filter(({ by }) => by === undefined);
  const named = created.filter(({ kind }) => kind === "schema" || kind === "table" || kind === "function");
  const database = created.filter(({ kind }) => kind === "database");
  return [
    ...named.map(
      ({ role, kind, object, privileges }) =>
        `GRANT ${privileges.join(", ")} ON ${kind.toUpperCase()} ${object} TO ${role};`,
    ),
    ...database.map(
      ({ role, privileges }) =>
        `DO $database$ BEGIN EXECUTE format('GRANT ${privileges.join(", ")} ON DATABASE %I TO ${role}', current_database()); END $database$;`,
    ),
    grantWhereItIs(created.filter(({ kind }) => kind === "sequences")),
  ].join("\n");
}

/**
 * Grants on what may be there: tables, functions, and sequences behind the columns of a table. CASE, because before 16 a
 * name that is none of a table is an error.
 */
export function grantWhereItIs(grants: readonly Grant[]): string {
  const rows = grants.map(
    ({ role, kind, object, privileges }) => `    ('${kind}', '${object}', '${privileges.join(", ")}', '${role}')`,
  );
  return `DO $grants$
DECLARE
  given record;
BEGIN
  FOR given IN
    WITH declared (kind, object, privileges, role) AS (VALUES
${rows.join(",\n")}
    )
    SELECT 'TABLE' AS kind, object, privileges, role FROM declared WHERE CASE kind WHEN 'table' THEN to_regclass(object) END IS NOT NULL
    UNION ALL
    SELECT 'FUNCTION', object, privileges, role FROM declared
    JOIN pg_proc AS p ON format('%s.%I(%s)', p.pronamespace::regnamespace, p.proname, pg_get_function_identity_arguments(p.oid)) = object
    WHERE kind = 'function'
    UNION ALL
    SELECT 'SEQUENCE', s.oid::regclass::text, privileges, role FROM declared
    JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
     AND d.refobjid = CASE kind WHEN 'sequences' THEN to_regclass(object) END
     AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
    WHERE kind = 'sequences'
  LOOP
    EXECUTE format('GRANT %s ON %s %s TO %I', given.privileges, given.kind, given.object, given.role);
  END LOOP;
END
$grants$;`;
}

/**
 * What a rollout has made before there were roles gets its owner: where it belongs to whoever runs this or to a superuser.
 * What belongs to anybody else may be a trap, and a function that runs as its owner always is: it stays, and the audit
 * names it.
 */
export function takeOver({ owned }: AccessDeclaration): string {
  const rows = owned
    .filter(({ by, kind }) => by === "rollout" || kind === "schema")
    .map(({ kind, object, owner }) => `    ('${kind}', '${object}', '${owner}')`);
  return `-- What a rollout has made before, and whoever runs this or a superuser owns, gets its owner.
DO $owners$
DECLARE
  found record;
BEGIN
  FOR found IN
    WITH declared (kind, object, owner) AS (VALUES
${rows.join(",\n")}
    ), present AS (
      SELECT kind, object, owner, relowner AS former FROM declared JOIN pg_class ON pg_class.oid = CASE kind WHEN 'table' THEN to_regclass(object) END
      UNION ALL
      SELECT kind, object, owner, nspowner FROM declared JOIN pg_namespace ON pg_namespace.oid = CASE kind WHEN 'schema' THEN to_regnamespace(object) END
      UNION ALL
      SELECT kind, object, owner, proowner FROM declared
      JOIN pg_proc AS p ON format('%s.%I(%s)', p.pronamespace::regnamespace, p.proname, pg_get_function_identity_arguments(p.oid)) = object
      WHERE kind = 'function' AND NOT p.prosecdef
    )
    SELECT present.* FROM present JOIN pg_roles ON pg_roles.oid = former
    WHERE rolname <> owner AND (rolname = current_user OR rolsuper)
  LOOP
    EXECUTE format('ALTER %s %s OWNER TO %I', found.kind, found.object, found.owner);
  END LOOP;
END
$owners$;`;
}
