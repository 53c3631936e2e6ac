-- Tier 6: the first scan, and the proof that nothing can be emitted.
--
-- Runs fn_governance_scan once in mode baseline, which materializes the drift state (38 findings on the dated baseline).
-- Event types stay inactive and the outbox stays empty. Needs Tier 5. Where governance_scan_run already has a baseline scan,
-- the gates alone run and nothing changes.
-- Rollback: sql/prod_rollback/60_scanner_baseline.sql.

BEGIN;
SET LOCAL one_roof.step = 'Tier 6 (scanner baseline)';
\ir ../common/ground.sql

SET LOCAL one_roof.gates = $$
  database     =   {database}
  ospa         >=  1
  ospa_valid   =   approved
  active_axes  =   3
$$;
\ir ../common/entry_gates.sql

-- The baseline scan, unless there was one.
DO $scan$
DECLARE
  who record;
BEGIN
  IF NOT EXISTS (SELECT FROM public.governance_scan_run WHERE mode = 'baseline') THEN
    PERFORM public.fn_governance_scan('PROD_scanner_2026-06-03', 'baseline');
  END IF;
EXCEPTION WHEN lock_not_available THEN
  EXECUTE current_setting('one_roof.locked') INTO who
    USING SQLERRM, 'ROWS governance_scan_run governance_drift_state axis_candidate_finding governance_event_log';
  RAISE lock_not_available USING MESSAGE = who.said, HINT = who.hint;
END
$scan$;

SET LOCAL one_roof.delta = $$
  governance_scan_run     +1
  governance_drift_state  +30..46
  axis_candidate_finding  +25..41
  governance_event_log    +0
$$;
SET LOCAL one_roof.gates = $$
  critical_drift      =  0
  emittable           =  0
  governance_outbox   =  0
  active_event_types  =  0
  row_deltas          =  as declared
$$;
\ir ../common/exit_gates.sql

\ir ../common/closing.sql
COMMIT;
