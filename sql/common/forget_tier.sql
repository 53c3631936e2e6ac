-- The ledger, where there is one, no longer calls the tier of one_roof.step applied.
DO $forget_tier$
BEGIN
  IF to_regclass('one_roof_rollout.ledger') IS NOT NULL THEN
    EXECUTE format('DELETE FROM one_roof_rollout.ledger WHERE tier = %s',
      substring(current_setting('one_roof.step') FROM 'Tier (\d)'));
  END IF;
END
$forget_tier$;
