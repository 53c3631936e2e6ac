import type { Changes } from "../model/delta";
import type { RowCounters } from "../model/rollout";
import type { Session } from "./session";
import { TRACES } from "./traces";

/**
 * What a transaction sees of the whole database at one moment, cheap enough to be taken around every tier.
 * Two snapshots of one transaction tell what happened between them, in which table, whoever did it.
 */
export interface Snapshot {
  /** `kind identity` of every object outside the system schemas, to a mark that changes with its definition. */
  readonly objects: ReadonlyMap<string, string>;
  /** Schema-qualified table to the number of its file, which TRUNCATE and rewrites change. */
  readonly files: ReadonlyMap<string, string>;
  /** Rows written so far, by schema-qualified table. */
  readonly counters: ReadonlyMap<string, RowCounters>;
  /** What the transaction holds a lock for writing on, to the table that it belongs to. */
  readonly touched?: ReadonlyMap<string, string>;
  /** Tables on which it holds a lock that makes others wait, with the lock's mode. */
  readonly locked?: ReadonlyMap<string, string>;
}

/** A catalog whose rows belong to a relation and make up its definition. */
interface Part {
  readonly catalog: string;
  /** The column that points to the relation. */
  readonly relation: string;
  readonly key: string;
  readonly only?: string;
  /** The catalog under which comments on such a row are kept, where there can be any. */
  readonly commented?: string;
}

/** The comments on an object, as a mark that changes with them. */
function comments(catalog: string, oid: string): string {
  return `(SELECT string_agg(d.objsubid || ':' || d.xmin, ',' ORDER BY d.objsubid) FROM pg_catalog.pg_description d
    WHERE d.objoid = ${oid} AND d.classoid = 'pg_catalog.${catalog}'::regclass)`;
}

const PARTS: readonly Part[] = [
  // All that can change of a system column is who may read it.
  { catalog: "pg_attribute", relation: "attrelid", key: "attnum", only: "(p.attnum > 0 OR p.attacl IS NOT NULL)" },
  { catalog: "pg_attrdef", relation: "adrelid", key: "oid" },
  { catalog: "pg_constraint", relation: "conrelid", key: "oid", commented: "pg_constraint" },
  { catalog: "pg_index", relation: "indrelid", key: "indexrelid", commented: "pg_class" },
  // The internal triggers of a foreign key come and go on the table it points to.
  { catalog: "pg_trigger", relation: "tgrelid", key: "oid", only: "NOT p.tgisinternal", commented: "pg_trigger" },
  { catalog: "pg_rewrite", relation: "ev_class", key: "oid", commented: "pg_rewrite" },
  { catalog: "pg_policy", relation: "polrelid", key: "oid", commented: "pg_policy" },
  { catalog: "pg_statistic_ext", relation: "stxrelid", key: "oid", commented: "pg_statistic_ext" },
  { catalog: "pg_inherits", relation: "inhrelid", key: "inhseqno" },
  { catalog: "pg_publication_rel", relation: "prrelid", key: "oid" },
];

/** Catalogs of objects that are not relations and have an oid of their own. */
const OTHERS: readonly string[] = [
  "pg_namespace",
  "pg_proc",
  "pg_operator",
  "pg_opclass",
  "pg_opfamily",
  "pg_collation",
  "pg_conversion",
  "pg_cast",
  "pg_language",
  "pg_extension",
  "pg_event_trigger",
  "pg_publication",
  "pg_foreign_server",
  "pg_foreign_data_wrapper",
  "pg_ts_config",
  "pg_ts_dict",
  "pg_default_acl",
  "pg_am",
  "pg_parameter_acl",
  "pg_tablespace",
  "pg_transform",
  "pg_ts_parser",
  "pg_ts_template",
];

/** The first oid that is not part of the system. */
const FIRST_USER_OID = 16_384;

/*
 * A row's xmin names the transaction that wrote it: inside one transaction an object whose catalog rows keep
 * theirs has not been touched, and no definition has to be printed. pg_class is compared by its columns, since
 * a foreign key sets a flag (relhastriggers) on the table that it points to, and REINDEX moves an index; pg_sequence
 * too, since RESTART, which only moves it, writes its row.
 *
 * What belongs to a relation is gathered in one pass over each catalog and hashed as a set: asked for each relation,
 * it would take seconds among thousands. Only aggregates whose state is one number: the server takes any other for
 * large, and would sort or spill what it groups.
 */
const parts = PARTS.map(
  ({ catalog, relation, key, only }) =>
    `SELECT p.${relation}, 'pg_catalog.${catalog}'::regclass::oid, p.${key}::bigint, -1, p.xmin FROM pg_catalog.${catalog} p
    WHERE p.${relation} >= ${FIRST_USER_OID}${only ? ` AND ${only}` : ""}`,
);

const commentable = PARTS.flatMap(({ catalog, relation, key, only, commented }) =>
  commented
    ? `SELECT p.${relation}, 'pg_catalog.${commented}'::regclass::oid, p.${key} FROM pg_catalog.${catalog} p
      WHERE p.${relation} >= ${FIRST_USER_OID}${only ? ` AND ${only}` : ""}`
    : [],
);

const others = OTHERS.map(
  (catalog) =>
    `SELECT '${catalog}'::regclass::oid, o.oid, concat_ws(':', o.xmin, ${comments(catalog, "o.oid")}) FROM pg_catalog.${catalog} o
     WHERE o.oid >= ${FIRST_USER_OID}${catalog === "pg_namespace" ? " AND o.nspname !~ '^pg_(temp|toast)'" : ""}`,
);

const SEQUENCE = "q.seqtypid, q.seqstart, q.seqincrement, q.seqmax, q.seqmin, q.seqcache, q.seqcycle";

const SNAPSHOT = `
WITH relation AS MATERIALIZED (
  SELECT c.*, n.nspname || '.' || c.relname AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND n.nspname <> 'information_schema'
    AND n.nspname !~ '^pg_' AND n.nspname <> ALL ($1::text[])
), owned_sequence AS MATERIALIZED (
  SELECT d.refobjid AS owner, s.oid, concat_ws('|', s.oid, s.relname, s.relacl, ${SEQUENCE}) AS mark
  FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid
  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
    AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
), owned AS (
  SELECT owner, string_agg(mark, ',' ORDER BY oid) AS marks FROM owned_sequence GROUP BY owner
), indexed AS (
  SELECT p.indrelid AS owner, bit_xor(hash_record_extended(ROW(i.oid, i.relname, i.reltablespace, i.reloptions), 0)) AS marks
  FROM pg_catalog.pg_index p JOIN pg_catalog.pg_class i ON i.oid = p.indexrelid WHERE p.indrelid >= ${FIRST_USER_OID}
  GROUP BY p.indrelid
), commentable (owner, classid, objid) AS (
  SELECT oid, 'pg_catalog.pg_class'::regclass::oid, oid FROM relation
  UNION ALL SELECT oid, 'pg_catalog.pg_type'::regclass, reltype FROM relation
  UNION ALL ${commentable.join("\n  UNION ALL ")}
), part (owner, catalog, key, sub, written) AS (
  ${parts.join("\n  UNION ALL ")}
  UNION ALL SELECT o.owner, d.classoid, d.objoid::bigint, d.objsubid, d.xmin
    FROM pg_catalog.pg_description d JOIN commentable o ON o.classid = d.classoid AND o.objid = d.objoid
    WHERE d.objoid >= ${FIRST_USER_OID}
), parts AS (
  SELECT owner, bit_xor(hash_record_extended(ROW(catalog, key, sub, written), 0)) AS marks FROM part GROUP BY owner
)
SELECT 'object' AS section,
       CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
         WHEN 'c' THEN 'type' ELSE 'table' END || ' ' || c.name AS key,
       md5(concat_ws('|', c.oid, c.relowner, c.relam, c.reltablespace, c.relpersistence, c.relkind, c.relrowsecurity,
         c.relforcerowsecurity, c.relreplident, c.relispartition, c.relacl, c.reloptions, owned.marks, indexed.marks, parts.marks,
         CASE c.relkind WHEN 'S' THEN concat_ws('|', ${SEQUENCE}) END)) AS value
FROM relation c LEFT JOIN parts ON parts.owner = c.oid LEFT JOIN indexed ON indexed.owner = c.oid
LEFT JOIN owned ON owned.owner = c.oid LEFT JOIN pg_catalog.pg_sequence q ON q.seqrelid = c.oid
WHERE c.relkind <> 'S' OR c.oid NOT IN (SELECT oid FROM owned_sequence)
UNION ALL
SELECT 'object',
       CASE WHEN o.classid = 'pg_catalog.pg_proc'::regclass
         THEN 'function ' || (SELECT n.nspname FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n
           ON n.oid = f.pronamespace WHERE f.oid = o.objid) || '.' ||
           (SELECT f.proname || '(' || pg_catalog.pg_get_function_identity_arguments(f.oid) || ')'
            FROM pg_catalog.pg_proc f WHERE f.oid = o.objid)
         ELSE pg_catalog.pg_describe_object(o.classid, o.objid, 0) END, o.objid || ':' || o.mark
FROM (${others.join("\nUNION ALL\n")}) AS o (classid, objid, mark)
WHERE o.classid <> 'pg_catalog.pg_namespace'::regclass
   OR (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = o.objid) <> ALL ($1::text[])
UNION ALL
SELECT 'object', 'type ' || n.nspname || '.' || t.typname, concat_ws('|', t.oid, t.xmin, ${comments("pg_type", "t.oid")},
  (SELECT string_agg(e.oid || ':' || e.xmin, ',' ORDER BY e.oid) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
  (SELECT string_agg(k.oid || ':' || k.xmin, ',' ORDER BY k.oid) FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid))
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.oid >= ${FIRST_USER_OID} AND t.typtype IN ('d', 'e', 'r') AND n.nspname !~ '^pg_'
UNION ALL
SELECT 'object', 'role ' || r.rolname, md5(r::text || (SELECT coalesce(string_agg(m.roleid || ':' || m.xmin, ',' ORDER BY m.roleid), '')
  FROM pg_catalog.pg_auth_members m WHERE m.member = r.oid))
FROM pg_catalog.pg_roles r
UNION ALL
SELECT 'object', concat('settings of ', coalesce(pg_catalog.pg_get_userbyid(nullif(s.setrole, 0))::text, 'every role'),
  CASE s.setdatabase WHEN 0 THEN '' ELSE ' in this database' END), s.setconfig::text
FROM pg_catalog.pg_db_role_setting s
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))
UNION ALL
SELECT 'object', 'database ' || d.datname, md5(concat_ws('|', d.datdba, d.datacl, d.datconnlimit, d.datallowconn, d.datistemplate, d.dattablespace))
FROM pg_catalog.pg_database d
UNION ALL
SELECT 'object', 'large objects', concat_ws('|', count(*), count(*) FILTER (WHERE pg_catalog.age(l.xmin) <= 0))
FROM pg_catalog.pg_largeobject_metadata l
UNION ALL
${TRACES}
UNION ALL
SELECT 'file', c.name, c.relfilenode::text FROM relation c WHERE c.relkind IN ('r', 'm')
UNION ALL
SELECT 'counter', w.name, concat_ws('/', w.inserted, w.updated, w.deleted)
FROM (SELECT c.name, pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) AS inserted,
        pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) AS updated, pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) AS deleted
      FROM relation c WHERE c.relkind = 'r') AS w
WHERE w.inserted + w.updated + w.deleted > 0`;

interface SnapshotRow {
  section: "object" | "file" | "counter" | "touched" | "locked";
  key: string;
  value: string;
}

/** Takes a snapshot in one round trip. What is in the schema `except`, the ledger's, is left out. */
export async function takeSnapshot(session: Session, except: string): Promise<Snapshot> {
  const found = await session.prepared<SnapshotRow>("snapshot", SNAPSHOT, [[except]]);
  // The server promises no order, but what is told of a run must read the same every time.
  const rows = found.sort((one, other) => (one.key < other.key ? -1 : 1));
  const section = (name: SnapshotRow["section"]) => rows.filter((row) => row.section === name);
  return {
    objects: new Map(section("object").map(({ key, value }) => [key, value])),
    files: new Map(section("file").map(({ key, value }) => [key, value])),
    counters: new Map(section("counter").map(({ key, value }) => [key, parseCounters(value)])),
    touched: new Map(section("touched").map(({ key, value }) => [key, value])),
    locked: new Map(section("locked").map(({ key, value }) => [key, value])),
  };
}

/** Tables of these are no objects of a snapshot. */
const SYSTEM_SCHEMA = /^(pg_catalog|information_schema)\./;

const NOTHING: RowCounters = { inserted: 0, updated: 0, deleted: 0 };

function parseCounters(value: string): RowCounters {
  const [inserted = 0, updated = 0, deleted = 0] = value.split("/").map(Number);
  return { inserted, updated, deleted };
}

/** Compares two snapshots of one transaction. */
export function changes(before: Snapshot, after: Snapshot): Changes {
  const rows = new Map<string, RowCounters>();
  for (const table of new Set([...after.counters.keys(), ...before.counters.keys()])) {
    // A dropped table takes its counters with it; that it was dropped is told by its object.
    if (!after.objects.has(`table ${table}`) && !SYSTEM_SCHEMA.test(table)) continue;
    const difference = subtract(after.counters.get(table) ?? NOTHING, before.counters.get(table) ?? NOTHING);
    if (difference.inserted || difference.updated || difference.deleted) rows.set(table, difference);
  }
  const touched = [...(after.touched ?? [])].filter(([object]) => !before.touched?.has(object));
  const locked = [...(after.locked ?? [])].filter(
    ([table]) => !before.locked?.has(table) && before.objects.has(`table ${table}`),
  );
  return {
    ...(touched.length && { touched: touched.map(([object, table]) => ({ object, table })) }),
    ...(locked.length && { locked: locked.map(([table, mode]) => ({ table, mode })) }),
    added: [...after.objects.keys()].filter((key) => !before.objects.has(key)),
    removed: [...before.objects.keys()].filter((key) => !after.objects.has(key)),
    changed: differing(before.objects, after.objects),
    rewritten: differing(before.files, after.files),
    rows,
  };
}

function differing(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...before].filter(([key, mark]) => after.has(key) && after.get(key) !== mark).map(([key]) => key);
}

function subtract(after: RowCounters, before: RowCounters): RowCounters {
  return {
    inserted: after.inserted - before.inserted,
    updated: after.updated - before.updated,
    deleted: after.deleted - before.deleted,
  };
}
