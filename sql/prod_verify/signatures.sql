-- Who has signed: each row of os_proposal_approvals as (source, key, signer, decision, signed_at, digest), in one pure SELECT.
--
-- The provider keeps this in the ledger with each tier that it applies, so that it can be shown when the row is gone. Of a
-- person no more than who signed: the name and the account, as far as there are columns for them. The table is Directus's
-- and grows as people wish, so columns are taken by their names, of each list the first that is filled. digest is the SHA-256
-- of the whole row as JSON, times in UTC: it tells whether a row out of a backup is the one that was there.
-- No row where the table is not there or may not be read; then the gates ospa and ospa_valid stop.

SET search_path = pg_catalog, pg_temp;
SET timezone = 'UTC';

WITH approval AS (
  -- As hexadecimal digits: XML has no place for some characters, and writes others in its own way.
  SELECT convert_from(decode(text::text, 'hex'), 'UTF8')::jsonb AS columns
  FROM pg_class AS class
  CROSS JOIN LATERAL unnest(xpath('/table/row/columns/text()', CASE WHEN has_table_privilege(class.oid, 'SELECT') THEN query_to_xml(
    $$ SELECT encode(convert_to(to_jsonb(signed.*)::text, 'UTF8'), 'hex') AS columns FROM public.os_proposal_approvals AS signed $$,
    false, false, '') END)) AS text
  WHERE class.relname = 'os_proposal_approvals' AND class.relnamespace = to_regnamespace('public') AND class.relkind IN ('r', 'p', 'v', 'm', 'f')
), fact (name, columns) AS (
  VALUES
    ('signer', ARRAY['signed_by', 'signer', 'signer_name', 'approved_by', 'approver', 'decided_by']),
    ('account', ARRAY['user_created']),
    ('decision', ARRAY['decision', 'verdict', 'outcome', 'approval_decision', 'decision_status', 'approval_status', 'status']),
    ('signed_at', ARRAY['signed_at', 'date_signed', 'approved_at', 'decided_at', 'date_decided', 'date_created'])
)
SELECT
  'os_proposal_approvals' AS source,
  coalesce((
    SELECT string_agg(approval.columns ->> attribute.attname, ', ' ORDER BY part.position)
    FROM pg_index AS index
    CROSS JOIN LATERAL unnest(index.indkey) WITH ORDINALITY AS part (attnum, position)
    JOIN pg_attribute AS attribute ON attribute.attrelid = index.indrelid AND attribute.attnum = part.attnum
    WHERE index.indrelid = to_regclass('public.os_proposal_approvals') AND index.indisprimary
  ), approval.columns ->> 'id') AS key,
  nullif(concat_ws(', ', said.facts ->> 'signer', 'account ' || (said.facts ->> 'account')), '') AS signer,
  said.facts ->> 'decision' AS decision,
  said.facts ->> 'signed_at' AS signed_at,
  encode(sha256(convert_to(approval.columns::text, 'UTF8')), 'hex') AS digest
FROM approval
CROSS JOIN LATERAL (
  SELECT jsonb_object_agg(fact.name, (
    SELECT btrim(found.value)
    FROM jsonb_each_text(approval.columns) AS found
    WHERE lower(found.key) = ANY (fact.columns) AND btrim(found.value) <> ''
    ORDER BY array_position(fact.columns, lower(found.key)), found.key LIMIT 1)) AS facts
  FROM fact
) AS said
ORDER BY key, digest;
