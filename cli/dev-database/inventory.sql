-- All that the current database holds outside of PostgreSQL's own schemas, by name: its structure object by object, and
-- for each table the number of its rows with a hash of them. Equal before and after means as it was.
WITH own AS (
  SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relation AS (
  SELECT c.oid, c.relkind, format('%I.%I', nspname, relname) AS name FROM pg_class c JOIN own ON own.oid = relnamespace
)
SELECT 'schema ' || nspname AS what, '' AS is FROM own
UNION ALL
SELECT CASE relkind WHEN 'r' THEN 'table ' WHEN 'v' THEN 'view ' WHEN 'S' THEN 'sequence ' ELSE 'relation ' END || name,
       CASE relkind WHEN 'v' THEN pg_get_viewdef(oid) ELSE coalesce(obj_description(oid, 'pg_class'), '') END
FROM relation WHERE relkind <> 'i'
UNION ALL
SELECT format('column %s.%I', name, attname),
       concat_ws(' ', attnum, format_type(atttypid, atttypmod), attnotnull, attidentity, pg_get_expr(adbin, adrelid))
FROM relation JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relkind IN ('r', 'v')
UNION ALL
SELECT format('constraint %I on %s', conname, name), pg_get_constraintdef(pg_constraint.oid)
FROM relation JOIN pg_constraint ON conrelid = relation.oid
UNION ALL
SELECT 'index ' || name, pg_get_indexdef(oid) FROM relation WHERE relkind = 'i'
UNION ALL
SELECT format('trigger %I on %s', tgname, name), pg_get_triggerdef(pg_trigger.oid)
FROM relation JOIN pg_trigger ON tgrelid = relation.oid AND NOT tgisinternal
UNION ALL
SELECT 'function ' || pg_proc.oid::regprocedure, pg_get_functiondef(pg_proc.oid)
FROM pg_proc JOIN own ON own.oid = pronamespace WHERE prokind <> 'a'
UNION ALL
SELECT 'rows of ' || name,
       (xpath('/table/row/found/text()', query_to_xml(format(
         $$ SELECT count(*) || ' ' || md5(string_agg(t::text, ' ' ORDER BY t::text)) AS found FROM %s AS t $$, name),
         false, false, '')))[1]::text
FROM relation WHERE relkind = 'r'
ORDER BY 1;
