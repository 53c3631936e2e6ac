-- The whole rollout by psql: tiers 0 1 2 3 4 5 6 8 in order, one readable line a tier; the first refusal ends the run.
--
--   psql -v ON_ERROR_STOP=1 -v ratified_apr=APR-… [-v database=…] [-v verbose=1] -f sql/prod/99_run_all.sql
--
-- ratified_apr  code of the approved request; without it Tier 0 refuses
-- database      name that the database must have, when it is not directus (a clone)
-- verbose       also prints every gate with what was expected and measured
--
-- Exits 3 when a tier refuses. Each tier is one transaction: what was refused is undone, earlier tiers stay.

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

\if :{?ratified_apr}
\else
\set ratified_apr ''
\endif
SELECT set_config('one_roof.ratified_apr', :'ratified_apr', false) AS ratified_apr \gset one_roof_
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
    RAISE EXCEPTION 'Rollout: another session holds the rollout lock: %', coalesce(holder, 'it has just ended')
      USING ERRCODE = 'OR003', HINT = 'Nothing was changed. Wait until that session has ended, then start again.';
  END IF;
END
$lock$;

\ir 00_preflight.sql
\ir 10_structure.sql
\ir 20_responsibility_axis.sql
\ir 30_ownership_seed.sql
\ir 40_containment.sql
\ir 50_topic_finalization.sql
\ir 60_scanner_baseline.sql
\ir 90_verify.sql

SELECT pg_advisory_unlock(1330795077, 1) AS unlocked \gset one_roof_
\echo ROLLOUT COMPLETE — ALL TIERS PASSED
