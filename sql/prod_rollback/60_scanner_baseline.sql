-- Rollback of Tier 6: empties the drift state, the ledger of scans, the event log and the candidate findings, whichever scan
-- filled them. The positions of their sequences stay.
-- Where there is nothing to roll back it passes and changes nothing.

BEGIN;
SET LOCAL one_roof.step = 'Tier 6 rollback';
\ir ../common/ground.sql

SET LOCAL one_roof.gates = $$
  database  =  {database}
$$;
\ir ../common/entry_gates.sql

-- All four at once, and only where a row is left: TRUNCATE takes an exclusive lock.
DO $work$
DECLARE
  relations CONSTANT text[] := ARRAY['governance_drift_state', 'governance_scan_run', 'governance_event_log', 'axis_candidate_finding'];
  relation  text;
  who       record;
  filled    boolean := false;
  one       boolean;
  present   text[] := '{}';
BEGIN
  FOREACH relation IN ARRAY relations
  LOOP
    IF to_regclass('public.' || relation) IS NOT NULL THEN
      EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', relation) INTO one;
      filled := filled OR one;
      present := present || format('public.%I', relation);
    END IF;
  END LOOP;
  IF filled THEN
    EXECUTE 'TRUNCATE ' || array_to_string(present, ', ');
  END IF;
EXCEPTION WHEN lock_not_available THEN
  EXECUTE current_setting('one_roof.locked') INTO who USING SQLERRM, 'ACCESS EXCLUSIVE ' || array_to_string(relations, ' ');
  RAISE lock_not_available USING MESSAGE = who.said, HINT = who.hint;
END
$work$;

\ir ../common/forget_tier.sql

SET LOCAL one_roof.delta = $$
  governance_drift_state  -own
  governance_scan_run     -own
  governance_event_log    -own
  axis_candidate_finding  -own
$$;
SET LOCAL one_roof.gates = $$
  tier_rows   =  0
  row_deltas  =  as declared
$$;
\ir ../common/exit_gates.sql

\ir ../common/closing.sql
COMMIT;
