-- The ledger, where there is one, no longer calls the tier of one_roof.step applied: a row says that it was rolled back.
-- The hash is the provider's own (provider/ledger/chain.ts), over the row and the hash before it.
DO $forget_tier$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'one_roof_rollout' AND c.relname = 'ledger')
  THEN
    RETURN;
  END IF;
  -- Nothing that others hung on the ledger is run; nor is one of an earlier release understood.
  IF NOT EXISTS (
    SELECT FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspowner = c.relowner
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'previous' AND NOT a.attisdropped
    WHERE n.nspname = 'one_roof_rollout' AND c.relname = 'ledger' AND c.relkind = 'r' AND c.relchecks = 0
      AND NOT (c.relhasrules OR c.relhastriggers OR c.relrowsecurity))
  THEN
    RAISE EXCEPTION '%: one_roof_rollout.ledger is not the ledger that this release makes', current_setting('one_roof.step')
      USING HINT = 'Nothing was changed. Roll back with the release that applied the rollout; if none made this table, have it removed.';
  END IF;

  EXECUTE $append$
    WITH link AS MATERIALIZED (
      SELECT last.position + 1 AS position, known.tier, 'rolled back'::text AS action, known.rollout_id, known.digest,
             known.parameters, '{}'::jsonb AS report, '{}'::jsonb AS entry, '{}'::jsonb AS exit, '{}'::jsonb AS detail,
             '{}'::jsonb AS readings, ''::text AS apply_sql, ''::text AS rollback_sql, clock_timestamp() AS applied_at,
             session_user::text AS applied_by, last.hash AS previous
      FROM (SELECT * FROM one_roof_rollout.ledger WHERE tier = $1 ORDER BY position DESC LIMIT 1) AS known,
           (SELECT position, hash FROM one_roof_rollout.ledger ORDER BY position DESC LIMIT 1) AS last
      WHERE known.action = 'applied'
    )
    INSERT INTO one_roof_rollout.ledger
      (position, tier, action, rollout_id, digest, parameters, report, entry, exit, detail, readings, apply_sql, rollback_sql,
       applied_at, applied_by, previous, hash)
    SELECT link.position, link.tier, link.action, link.rollout_id, link.digest, link.parameters, link.report, link.entry,
           link.exit, link.detail, link.readings, link.apply_sql, link.rollback_sql, link.applied_at, link.applied_by,
           link.previous,
           encode(sha256(convert_to(jsonb_build_array(link.previous, link.position, link.tier, link.action,
             link.rollout_id, link.digest, link.parameters, link.report, link.entry, link.exit, link.detail, link.readings,
             link.apply_sql, link.rollback_sql, extract(epoch FROM link.applied_at), link.applied_by)::text, 'UTF8')), 'hex')
    FROM link
  $append$ USING substring(current_setting('one_roof.step') FROM 'Tier (\d)')::integer;
END
$forget_tier$;
