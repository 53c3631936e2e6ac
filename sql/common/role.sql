-- Acts as the role of one_roof.act_as, `executor` or `owner`, until the transaction ends: where the roles of access/ take part in
-- this database, and this login may become it while an approval is in force. Everywhere else with the login's own rights;
-- what it may not do PostgreSQL refuses.
DO $role$
DECLARE
  wanted CONSTANT text := 'one_roof_' || current_setting('one_roof.act_as');
BEGIN
  -- A schema of that name which somebody else has made means nothing.
  IF EXISTS (SELECT FROM pg_namespace WHERE nspname = 'one_roof_access' AND pg_get_userbyid(nspowner) = 'one_roof_access')
    AND pg_has_role(session_user, to_regrole(wanted), 'MEMBER')
  THEN
    PERFORM set_config('role', wanted, true);
  END IF;
END
$role$;
