-- How a chain of files runs under psql, and the lock that it holds from its first file to its last. Only for psql.

\set ON_ERROR_STOP on
\set ON_ERROR_ROLLBACK off
\set AUTOCOMMIT on
\set QUIET on
\set SHOW_CONTEXT never
\encoding UTF8
\timing off
\pset format unaligned
\pset tuples_only on
\pset pager off

\if :{?verbose}
SET client_min_messages = notice;
\else
SET client_min_messages = warning;
\endif

-- Without a ratified request Tier 0 refuses; the way back asks for none.
\if :{?ratified_apr}
\else
\set ratified_apr ''
\endif
SELECT pg_catalog.set_config('one_roof.ratified_apr', :'ratified_apr', false) AS ratified_apr \gset one_roof_
\if :{?database}
SELECT pg_catalog.set_config('one_roof.database', :'database', false) AS database \gset one_roof_
\endif
\if :{?accept}
SELECT pg_catalog.set_config('one_roof.accept', :'accept', false) AS accept \gset one_roof_
\endif

-- One rollout at a time: the lock is held by this session for the whole chain, and every file takes it again.
SET one_roof.step = 'Rollout';
SET one_roof.hold_lock = 'session';
BEGIN;
SET LOCAL search_path = pg_catalog, pg_temp;
\ir lock.sql
COMMIT;
SET one_roof.hold_lock = '';
