/*
 * Who may do what, from the catalogs, in one answer. Of what others own it tells what concerns the rollout's roles, what
 * PUBLIC may do, and who may create where names are looked up; of the rollout's own objects it tells everything. What
 * initdb or an extension has given (pg_init_privs) is nobody's grant; of information_schema no list is kept.
 *
 * $1 the roles, $2 their schemas, $3 objects that belong to them, $4 objects on which something is granted to them,
 * $5 tables of approvals, $6 the role that approves
 */
export const ACCESS_FACTS = `
WITH ours AS (
  SELECT oid, rolname FROM pg_roles WHERE rolname = ANY ($1::text[])
), object AS (
  SELECT 'pg_class'::regclass::oid AS class, c.oid, 0 AS part, CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind,
    format('%I.%I', n.nspname, c.relname) AS name, behind.name AS of, n.nspname AS space, c.relowner AS owner, c.relacl AS acl,
    NULL::text AS body, c.relkind::text AS runs, false AS definer
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN LATERAL (
    SELECT format('%I.%I', tn.nspname, t.relname) AS name
    FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
    WHERE c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
      AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
    LIMIT 1) AS behind ON true
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
  UNION ALL
  SELECT 'pg_class'::regclass, c.oid, a.attnum, 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname),
    format('%I.%I', n.nspname, c.relname), n.nspname, c.relowner, a.attacl, NULL, NULL, false
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attacl IS NOT NULL
  UNION ALL
  SELECT 'pg_proc'::regclass, p.oid, 0, 'function', format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
    NULL, n.nspname, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)), p.prosrc,
    concat_ws(', ', l.lanname, CASE WHEN p.prosecdef THEN 'as its owner' END, array_to_string(p.proconfig, ', ')),
    p.prosecdef AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
  UNION ALL
  SELECT 'pg_namespace'::regclass, oid, 0, 'schema', format('%I', nspname), NULL, nspname, nspowner, nspacl, NULL, NULL, false
  FROM pg_namespace
  UNION ALL
  SELECT 'pg_database'::regclass, oid, 0, 'database', format('%I', datname), NULL, NULL, datdba, datacl, NULL, NULL, false
  FROM pg_database WHERE datname = current_database()
  UNION ALL
  SELECT 'pg_type'::regclass, oid, 0, 'type', format_type(oid, NULL), NULL, NULL, typowner, typacl, NULL, NULL, false
  FROM pg_type WHERE typacl IS NOT NULL
  UNION ALL
  SELECT 'pg_language'::regclass, oid, 0, 'language', format('%I', lanname), NULL, NULL, lanowner, lanacl, NULL, NULL, false FROM pg_language
  UNION ALL
  SELECT 'pg_foreign_data_wrapper'::regclass, oid, 0, 'foreign-data wrapper', format('%I', fdwname), NULL, NULL, fdwowner, fdwacl, NULL, NULL, false
  FROM pg_foreign_data_wrapper
  UNION ALL
  SELECT 'pg_foreign_server'::regclass, oid, 0, 'foreign server', format('%I', srvname), NULL, NULL, srvowner, srvacl, NULL, NULL, false
  FROM pg_foreign_server
  UNION ALL
  SELECT 'pg_tablespace'::regclass, oid, 0, 'tablespace', format('%I', spcname), NULL, NULL, spcowner, spcacl, NULL, NULL, false FROM pg_tablespace
  UNION ALL
  SELECT 'pg_largeobject'::regclass, oid, 0, 'large object', oid::text, NULL, NULL, lomowner, lomacl, NULL, NULL, false
  FROM pg_largeobject_metadata
  UNION ALL
  SELECT 'pg_parameter_acl'::regclass, oid, 0, 'parameter', parname, NULL, NULL, 10, paracl, NULL, NULL, false FROM pg_parameter_acl
), known AS (
  SELECT *, coalesce(space = ANY ($2::text[]) OR name = ANY ($3::text[]) OR of = ANY ($3::text[]), false) AS own FROM object
), granted AS (
  SELECT known.*, given.grantee, given.privilege_type::text AS privilege, given.is_grantable AS grantable
  FROM known CROSS JOIN LATERAL aclexplode(known.acl) AS given
  WHERE given.grantee <> known.owner
), told AS (
  SELECT kind, name, of, grantee, privilege, grantable FROM granted
  WHERE (own OR grantee IN (SELECT oid FROM ours)
      OR privilege = 'CREATE' AND (kind = 'database' OR kind = 'schema' AND name IN ('public', 'pg_catalog'))
      OR grantee = 0 AND (kind IN ('table', 'column', 'sequence', 'foreign server', 'tablespace', 'large object', 'parameter')
        OR kind = 'function' AND (definer AND space !~ '^(pg_|information_schema$)'
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = class AND d.objid = granted.oid AND d.deptype = 'e')
          OR EXISTS (SELECT FROM pg_init_privs p WHERE p.classoid = class AND p.objoid = granted.oid))))
    AND NOT (grantee = 0 AND privilege IN ('SELECT', 'USAGE') AND space = 'information_schema')
    AND NOT EXISTS (
      SELECT FROM pg_init_privs p CROSS JOIN LATERAL aclexplode(p.initprivs) AS was
      WHERE p.classoid = class AND p.objoid = granted.oid AND p.objsubid = part
        AND (was.grantee, was.privilege_type) = (granted.grantee, granted.privilege) AND was.is_grantable >= granted.grantable)
  UNION ALL
  SELECT 'default privileges', format('on %s of %s%s', CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
      WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'objects' END,
    pg_get_userbyid(d.defaclrole), ' in schema ' || quote_ident(n.nspname)), NULL, given.grantee, given.privilege_type, given.is_grantable
  FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace CROSS JOIN LATERAL aclexplode(d.defaclacl) AS given
  WHERE given.grantee <> d.defaclrole AND NOT (given.grantee = 0 AND d.defaclobjtype IN ('f', 'T'))
    AND (given.grantee = 0 OR given.grantee IN (SELECT oid FROM ours) OR d.defaclrole IN (SELECT oid FROM ours))
), owned AS (
  SELECT kind, name, of, owner, own OR owner IN (SELECT oid FROM ours) AS ours, body, runs FROM known
  WHERE kind <> 'column' AND (own OR owner IN (SELECT oid FROM ours) OR kind = 'database' OR name = ANY ($4::text[]) OR of = ANY ($4::text[]))
  UNION ALL
  SELECT thing.type, thing.identity, NULL, d.refobjid, true, NULL, NULL
  FROM pg_shdepend d CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) AS thing
  WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid IN (SELECT oid FROM ours) AND d.deptype = 'o' AND d.classid <> 'pg_default_acl'::regclass
    AND d.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND (d.classid, d.objid) NOT IN (SELECT class, oid FROM known)
), membership AS (
  SELECT pg_get_userbyid(m.roleid) AS role, pg_get_userbyid(m.member) AS member, m.admin_option AS admin,
    coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, r.rolinherit) AS inherit
  FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
  WHERE m.roleid IN (SELECT oid FROM ours) OR m.member IN (SELECT oid FROM ours)
), reached AS (
  SELECT oid, rolname, rolcreaterole FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')
), role AS (
  SELECT rolname AS name, nullif(rolvaliduntil, 'infinity') AS "validUntil", array_remove(ARRAY[
      CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
      CASE WHEN rolreplication THEN 'REPLICATION' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN rolcanlogin THEN 'LOGIN' END,
      CASE WHEN rolinherit THEN 'INHERIT' END], NULL) AS attributes,
    coalesce((SELECT array_agg(value) FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS value
      WHERE s.setrole = r.oid AND s.setdatabase = 0), '{}') AS settings
  FROM pg_roles r WHERE rolname = ANY ($1::text[])
)
SELECT jsonb_build_object(
  'now', clock_timestamp(),
  'grants', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'object', name, 'of', of, 'privilege', privilege,
      'grantable', grantable, 'role', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END)
    ORDER BY kind, name, grantee, privilege), '[]') FROM told),
  'objects', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'object', name, 'of', of, 'ours', ours, 'body', body,
      'runs', runs, 'owner', pg_get_userbyid(owner)) ORDER BY kind, name), '[]') FROM owned),
  'memberships', (SELECT coalesce(jsonb_agg(to_jsonb(membership) ORDER BY role, member), '[]') FROM membership),
  'roles', (SELECT coalesce(jsonb_agg(to_jsonb(role)), '[]') FROM role),
  'session', jsonb_build_object(
    'login', session_user,
    'superuser', (SELECT rolsuper FROM pg_roles WHERE rolname = session_user),
    'createRole', EXISTS (SELECT FROM reached WHERE rolcreaterole),
    'approver', EXISTS (SELECT FROM reached WHERE rolname = $6::text),
    'reads', (SELECT coalesce(jsonb_agg(known.name), '[]') FROM known JOIN pg_namespace n ON n.nspname = known.space
      WHERE known.kind = 'table' AND known.space = ANY ($2::text[])
        AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(known.oid, 'SELECT')),
    'writes', (SELECT coalesce(jsonb_agg(DISTINCT known.name), '[]') FROM known JOIN reached ON known.kind = 'table' AND known.name = ANY ($5::text[])
      WHERE has_table_privilege(reached.oid, known.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
         OR has_any_column_privilege(reached.oid, known.oid, 'INSERT, UPDATE')),
    'owns', (SELECT coalesce(jsonb_agg(DISTINCT known.name), '[]') FROM known JOIN reached ON known.owner = reached.oid
      WHERE known.kind = 'table' AND NOT known.own AND known.space !~ '^(pg_|information_schema$)'))
) AS facts`;
