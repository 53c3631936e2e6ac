-- The ledger, where there is one, no longer calls the tier of one_roof.step applied: a row says that it was rolled back.
-- The hash is the provider's own (provider/ledger/chain.ts), over the row and the hash before it.
DO $forget_tier$
DECLARE
  who record;
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'one_roof_rollout' AND c.relname = 'ledger')
  THEN
    RETURN;
  END IF;
  -- Nothing that others hung on a ledger, or built in its place, is run; nor is one of an earlier release understood.
  IF NOT EXISTS (
    SELECT FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspowner = c.relowner
    WHERE n.nspname = 'one_roof_rollout' AND c.relname = 'ledger' AND c.relkind = 'r' AND c.relchecks = 0
      AND NOT (c.relhasrules OR c.relhastriggers OR c.relrowsecurity OR c.relhassubclass)
      AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND NOT i.indisprimary)
      AND (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
                    CASE WHEN a.atthasdef THEN 'default' END), ', ' ORDER BY a.attnum)
           FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
        = 'position integer, tier integer, action text, rollout_id uuid, digest text, parameters jsonb, report jsonb, '
          'entry jsonb, exit jsonb, detail jsonb, readings jsonb, apply_sql text, rollback_sql text, '
          'applied_at timestamp with time zone, applied_by text, previous text, hash text')
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
  $append$ USING substring(current_setting('one_roof.step') FROM 'Tier (\d+)')::integer;
EXCEPTION WHEN lock_not_available THEN
  EXECUTE current_setting('one_roof.locked') INTO who USING SQLERRM, 'ROWS one_roof_rollout.ledger';
  RAISE lock_not_available USING MESSAGE = who.said, HINT = who.hint;
END
$forget_tier$;
