-- The whole rollback by psql: tiers 6 5 4 3 2 by their tags, then the full teardown of Tier 1, one readable line a tier;
-- the first refusal ends the run.
--
--   psql -v ON_ERROR_STOP=1 [-v database=…] [-v verbose=1] -f sql/prod_rollback/per_tier_rollback.sql
--
-- database  name that the database must have, when it is not directus (a clone)
-- verbose   also prints every gate with what was expected and measured
--
-- Exits 3 when a tier refuses. Each tier is one transaction: what was refused is undone, tiers rolled back before stay so.
-- Where there is nothing to roll back it passes and changes nothing.

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

\if :{?database}
SELECT set_config('one_roof.database', :'database', false) AS database \gset one_roof_
\endif

-- One rollout at a time: the lock is held by this session for the whole chain, and every file takes it again.
DO $lock$
DECLARE
  holder text;
BEGIN
  IF NOT pg_try_advisory_lock(1330795077, 1) THEN
    SELECT format('pid %s, user %s, application %s, state %s, last query started %s',
             held.pid, session.usename, session.application_name, session.state, session.query_start)
      INTO holder
      FROM pg_locks AS held
      LEFT JOIN pg_stat_activity AS session ON session.pid = held.pid
     WHERE held.locktype = 'advisory' AND held.classid = 1330795077 AND held.objid = 1 AND held.objsubid = 2 AND held.granted
       AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database());
    RAISE EXCEPTION 'Rollback: another session holds the rollout lock: %', coalesce(holder, 'it has just ended')
      USING ERRCODE = 'OR003', HINT = 'Nothing was changed. Wait until that session has ended, then start again.';
  END IF;
END
$lock$;

\ir 60_scanner_baseline.sql
\ir 50_topic_finalization.sql
\ir 40_containment.sql
\ir 30_ownership_seed.sql
\ir 20_responsibility_axis.sql
\ir 99_rollback_full.sql

SELECT pg_advisory_unlock(1330795077, 1) AS unlocked \gset one_roof_
\echo ROLLBACK COMPLETE — ALL TIERS UNDONE
