import { STRONG } from "./lock-modes";

/*
 * What a transaction has done that the definition of no object tells: in catalogs that no tier writes, to PostgreSQL's own
 * objects, to sequences, and to tables while counting was off. A tier's text can hide all of this from a reader, by building
 * its statements when they run; none of it can be hidden from what the server keeps of the transaction until its end.
 */

/** The catalogs that come with tables, views, functions, indexes, triggers and grants; no other is written by a tier. */
const WRITTEN =
  "pg_class pg_attribute pg_attrdef pg_type pg_proc pg_depend pg_shdepend pg_description pg_constraint pg_index pg_trigger " +
  "pg_rewrite pg_sequence pg_policy pg_inherits pg_partitioned_table pg_statistic pg_statistic_ext pg_statistic_ext_data " +
  "pg_namespace pg_enum pg_range pg_aggregate";

/** Catalogs of which PostgreSQL's own rows are watched, and how these are told. */
const SYSTEM: Readonly<Record<string, string>> = {
  pg_class: "r.oid",
  pg_attribute: "r.attrelid",
  pg_attrdef: "r.adrelid",
  pg_type: "r.oid",
  pg_proc: "r.oid",
  pg_namespace: "r.oid",
  pg_rewrite: "r.ev_class",
  pg_trigger: "r.tgrelid",
  pg_description: "r.objoid",
};

/** How many of PostgreSQL's own rows this transaction wrote: ages count from it, and rows of its savepoints are younger still. */
const system = Object.entries(SYSTEM).map(
  ([catalog, oid]) =>
    `SELECT 'system catalog ${catalog}', count(*)::text FROM pg_catalog.${catalog} r WHERE ${oid} < 16384 AND pg_catalog.age(r.xmin) <= 0`,
);

/** What holds rows, and is no catalog that comes with ordinary definitions. `c` is pg_class. */
const UNWRITTEN = `c.relkind = 'r' AND c.oid < 16384 AND c.relname <> ALL (string_to_array('${WRITTEN}', ' '))`;

/**
 * More of a snapshot, as (section, key, value). A lock for writing is kept until the transaction ends, whatever becomes of
 * the write: `touched` lists on which sequences and tables there is one, and to which table each belongs. Tables are listed
 * where this login could have switched the server's counting off and on again; an update that finds no row locks as well.
 */
export const TRACES = `
SELECT 'counter' AS section, c.relnamespace::regnamespace || '.' || c.relname AS key, concat_ws('/', pg_stat_get_xact_tuples_inserted(c.oid),
  pg_stat_get_xact_tuples_updated(c.oid), pg_stat_get_xact_tuples_deleted(c.oid)) AS value
FROM pg_catalog.pg_class c
WHERE ${UNWRITTEN} AND pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid)
  + pg_stat_get_xact_tuples_deleted(c.oid) > 0
UNION ALL
SELECT 'object', t.key, t.value FROM (${system.join("\nUNION ALL\n")}) AS t (key, value)
UNION ALL
SELECT 'touched', CASE WHEN c.relkind = 'S' THEN 'sequence ' ELSE 'table ' END || n.nspname || '.' || c.relname,
  coalesce((SELECT o.relnamespace::regnamespace::text || '.' || o.relname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class o ON o.oid = d.refobjid
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      AND c.relkind = 'S'), n.nspname || '.' || c.relname)
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND n.nspname <> ALL ($1::text[]) AND n.nspname !~ '^pg_(toast|temp)'
  AND (c.relkind = 'S' AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock')
    OR l.mode = 'RowExclusiveLock' AND has_parameter_privilege(session_user, 'track_counts', 'SET')
      AND (c.relkind IN ('r', 'm') AND n.nspname <> 'pg_catalog' OR ${UNWRITTEN}))
UNION ALL
SELECT 'locked', n.nspname || '.' || c.relname, max(l.mode)
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'
  AND l.mode IN (${STRONG.map((mode) => `'${mode}'`).join(", ")})
GROUP BY 1, 2
UNION ALL
SELECT 'object', 'temporary tables', (SELECT count(*)::text FROM pg_catalog.pg_class c WHERE c.relnamespace = pg_my_temp_schema())
UNION ALL
SELECT 'object', 'base types', (SELECT coalesce(string_agg(t.oid || ':' || t.xmin, ',' ORDER BY t.oid), '')
  FROM pg_catalog.pg_type t WHERE t.oid >= 16384 AND t.typtype IN ('b', 'p') AND t.typcategory <> 'A')
UNION ALL
SELECT 'object', 'options of toast tables', (SELECT coalesce(string_agg(concat_ws(' ', c.oid, c.reloptions), ',' ORDER BY c.oid), '')
  FROM pg_catalog.pg_class c WHERE c.relkind = 't' AND c.reloptions IS NOT NULL)
UNION ALL
SELECT 'object', 'triggers of foreign keys', (SELECT coalesce(string_agg(concat_ws(' ', t.oid, t.tgenabled), ',' ORDER BY t.oid), '')
  FROM pg_catalog.pg_trigger t WHERE t.tgisinternal AND t.tgenabled <> 'O')
UNION ALL
SELECT 'object', 'triggers that a table does not know of', (SELECT coalesce(string_agg(c.oid::text, ',' ORDER BY c.oid), '')
  FROM pg_catalog.pg_class c WHERE NOT c.relhastriggers AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid))
UNION ALL
SELECT 'object', 'setting ' || name, current_setting(name) FROM unnest(ARRAY['track_counts', 'session_replication_role']) AS name`;
