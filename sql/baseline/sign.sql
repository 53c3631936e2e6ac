-- Signs as the owner would in the application: one approval in os_proposal_approvals. Only in the fixture: anywhere else
-- a row written by a script would be forgery, and is refused. Signing twice changes nothing.
DO $sign$
BEGIN
  IF obj_description(to_regclass('public.os_proposal_approvals'), 'pg_class')
    IS DISTINCT FROM 'Human approvals (One-Roof baseline fixture)'
  THEN
    RAISE EXCEPTION 'Only a person may sign here: "%" is not the baseline fixture.', current_database()
      USING HINT = 'Nothing was changed. The owner signs in the application.';
  END IF;

  INSERT INTO public.os_proposal_approvals (
    id, status, user_created, date_created, proposal_code, proposal_title, request_code, decision, rationale,
    signer_name, signer_role, signed_at, signature_method
  )
  VALUES (
    '5a1e0000-0000-4000-8000-000000000001', 'approved', '5a1e0000-0000-4000-8000-0000000000aa', now(),
    'ONE-ROOF', 'One-Roof production rollout', 'APR-0211', 'approved', 'Read and understood.',
    'The owner', 'owner', now(), 'e-signature'
  )
  ON CONFLICT (id) DO NOTHING;
END
$sign$;
