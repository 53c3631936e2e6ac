import { isDeepStrictEqual } from "node:util";
import type { Session } from "./session";

/** One object's definition by facet: `column status` to `3 text not null default …`, `view` to its text. */
export type Definition = Readonly<Record<string, string>>;

/** Definitions by object, such as `table public.axis_value`. An object that does not exist is absent. */
export type Definitions = Readonly<Record<string, Definition>>;

/** Privileges as `role privilege`, the owner's own left out, in a fixed order. */
const grants = (acl: string, owner: string) => `(
  SELECT string_agg(CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END || ' ' || a.privilege_type ||
    CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, ', ' ORDER BY pg_get_userbyid(a.grantee), a.privilege_type)
  FROM aclexplode(${acl}) a WHERE a.grantee <> ${owner})`;

/*
 * Names instead of oids, printed expressions instead of node trees, ranks instead of column numbers: equal text on
 * any server of one major version, also after dump and restore.
 */
const DEFINITIONS = `
WITH relation AS MATERIALIZED (
  SELECT CASE c.relkind WHEN 'v' THEN 'view ' ELSE 'table ' END || n.nspname || '.' || c.relname AS key, c.*
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v')
    AND CASE c.relkind WHEN 'v' THEN 'view ' ELSE 'table ' END || n.nspname || '.' || c.relname = ANY ($1::text[])
), routine AS MATERIALIZED (
  SELECT 'function ' || n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS key, p.*
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE 'function ' || n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' = ANY ($1::text[])
)
SELECT r.key, 'column ' || a.attname AS facet,
       concat_ws(' ', row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum), format_type(a.atttypid, a.atttypmod),
         CASE WHEN a.attnotnull THEN 'not null' END, 'default ' || pg_get_expr(d.adbin, d.adrelid),
         'identity ' || nullif(a.attidentity::text, ''), 'generated ' || nullif(a.attgenerated::text, ''),
         CASE WHEN l.collname <> 'default' THEN 'collate ' || l.collname END) AS text
FROM relation r
JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation
UNION ALL
SELECT r.key, 'constraint ' || k.conname, pg_get_constraintdef(k.oid) || CASE WHEN k.convalidated THEN '' ELSE ' (not valid)' END
FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid AND k.contype <> 'n'
UNION ALL
SELECT r.key, 'index ' || i.relname, pg_get_indexdef(i.oid) || CASE WHEN x.indisvalid THEN '' ELSE ' (not valid)' END
FROM relation r JOIN pg_index x ON x.indrelid = r.oid JOIN pg_class i ON i.oid = x.indexrelid
UNION ALL
SELECT r.key, 'trigger ' || t.tgname, pg_get_triggerdef(t.oid) || ' enabled ' || t.tgenabled::text
FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
UNION ALL
SELECT r.key, 'policy ' || p.polname, concat_ws(' ', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, p.polcmd::text,
  (SELECT string_agg(CASE u WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(u)::text END, ', ' ORDER BY pg_get_userbyid(u)) FROM unnest(p.polroles) u),
  pg_get_expr(p.polqual, r.oid), pg_get_expr(p.polwithcheck, r.oid))
FROM relation r JOIN pg_policy p ON p.polrelid = r.oid
UNION ALL
SELECT r.key, 'rule ' || w.rulename, pg_get_ruledef(w.oid)
FROM relation r JOIN pg_rewrite w ON w.ev_class = r.oid AND w.rulename <> '_RETURN'
UNION ALL
SELECT r.key, 'sequence ' || s.relname, concat_ws(' ', format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin, q.seqmax,
  q.seqcache, q.seqcycle, 'granted ' || ${grants("s.relacl", "s.relowner")})
FROM relation r
JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = r.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_sequence q ON q.seqrelid = s.oid
UNION ALL
SELECT r.key, 'definition', pg_get_viewdef(r.oid) FROM relation r WHERE r.relkind = 'v'
UNION ALL
SELECT r.key, 'options', concat_ws(' ', r.relpersistence::text, array_to_string(r.reloptions, ','),
  CASE WHEN r.relrowsecurity THEN 'row security' END, CASE WHEN r.relforcerowsecurity THEN 'forced' END,
  'partition by ' || CASE r.relkind WHEN 'p' THEN pg_get_partkeydef(r.oid) END, 'partition ' || pg_get_expr(r.relpartbound, r.oid))
FROM relation r
UNION ALL
SELECT r.key, 'grants', ${grants("r.relacl", "r.relowner")} FROM relation r WHERE r.relacl IS NOT NULL
UNION ALL
SELECT r.key, 'grants on ' || a.attname, ${grants("a.attacl", "r.relowner")}
FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attacl IS NOT NULL
UNION ALL
SELECT r.key, CASE d.objsubid WHEN 0 THEN 'comment' ELSE 'comment on ' || a.attname END, d.description
FROM relation r JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = r.oid
LEFT JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = d.objsubid
UNION ALL
SELECT r.key, 'comment on ' || part.name, d.description
FROM relation r
CROSS JOIN LATERAL (
  SELECT 'pg_constraint'::regclass::oid, k.oid, 'constraint ' || k.conname FROM pg_constraint k WHERE k.conrelid = r.oid
  UNION ALL SELECT 'pg_class'::regclass, x.indexrelid, 'index ' || i.relname
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = r.oid
  UNION ALL SELECT 'pg_trigger'::regclass, t.oid, 'trigger ' || t.tgname FROM pg_trigger t WHERE t.tgrelid = r.oid
  UNION ALL SELECT 'pg_policy'::regclass, p.oid, 'policy ' || p.polname FROM pg_policy p WHERE p.polrelid = r.oid
  UNION ALL SELECT 'pg_rewrite'::regclass, w.oid, 'rule ' || w.rulename FROM pg_rewrite w WHERE w.ev_class = r.oid
) AS part (classid, objid, name)
JOIN pg_description d ON d.classoid = part.classid AND d.objoid = part.objid
UNION ALL
SELECT f.key, 'definition', pg_get_functiondef(f.oid) FROM routine f
UNION ALL
SELECT f.key, 'grants', ${grants("coalesce(f.proacl, acldefault('f', f.proowner))", "f.proowner")} FROM routine f
UNION ALL
SELECT f.key, 'comment', d.description FROM routine f JOIN pg_description d ON d.classoid = 'pg_proc'::regclass AND d.objoid = f.oid
UNION ALL
SELECT o.key, 'owner', pg_get_userbyid(o.owner)
FROM (SELECT key, relowner FROM relation UNION ALL SELECT key, proowner FROM routine) AS o (key, owner) WHERE o.key = ANY ($2::text[])`;

/**
 * The definitions of the objects named, as far as they exist; of those in `owned` also whose they are, which what is dropped and
 * made anew could lose. One round trip; none for an empty list.
 */
export async function takeDefinitions(
  session: Session,
  keys: readonly string[],
  owned: readonly string[] = [],
): Promise<Definitions> {
  if (!keys.length) return {};
  const rows = await session.query<{ key: string; facet: string; text: string | null }>(DEFINITIONS, [keys, owned]);
  const definitions: Record<string, Record<string, string>> = {};
  for (const { key, facet, text } of rows) if (text !== null) (definitions[key] ??= {})[facet] = text;
  return definitions;
}

/** Which of these objects are not defined as they were. */
export function differing(objects: readonly string[], before: Definitions, after: Definitions): string[] {
  return objects.filter((object) => !isDeepStrictEqual(before[object], after[object]));
}
