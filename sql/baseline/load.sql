-- The production-shaped fixture: loads the whole baseline into an empty database, all of it or nothing.
--
--   psql -v ON_ERROR_STOP=1 -v scale=0.001 -v signed=1 -f sql/baseline/load.sql
--
-- scale   size of the four big tables; 1 is production size (default 0.001)
-- signed  1 adds the human approval (default 0)
--
-- The numbered files are pure SQL: another client may send them one by one, in the order of their names.
\set ON_ERROR_STOP on
\set QUIET on
\if :{?scale}
\else
  \set scale 0.001
\endif
\if :{?signed}
\else
  \set signed 0
\endif

BEGIN;
SET LOCAL one_roof.scale = :'scale';

\ir 10_ground.sql
\ir 20_governance.sql
\ir 25_requests.sql
\ir 30_collections.sql
\ir 40_labels.sql
\ir 50_events.sql
\ir 60_big_tables.sql
\ir 70_outbox_trigger.sql
\ir 75_issue_triggers.sql
\ir 80_prerequisite_views.sql
\ir 90_analyze.sql
\if :signed
  \ir sign.sql
\endif
COMMIT;

\pset tuples_only on
\pset format unaligned
SELECT format(
  'BASELINE LOADED: %s governed collections, ownership gap %s, %s label assignments, %s human approvals',
  (SELECT count(*) FROM public.v_governance_object_inventory),
  (SELECT count(*) FROM public.v_object_owner_gap),
  (SELECT count(*) FROM public.entity_labels),
  (SELECT count(*) FROM public.os_proposal_approvals)
) AS baseline;
