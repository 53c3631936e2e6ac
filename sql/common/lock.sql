-- The rollout's lock: one rollout at a time, by psql or by Pulumi. What only reads needs none.
-- A file holds it until its transaction ends; a chain says one_roof.hold_lock = session and holds it for all its files.
-- Anyone who may connect may take it too, so the refusal says whether the holder can be a rollout, and who ends it how.
DO $lock$
DECLARE
  holders text;
  stranger boolean;
  ends text;
BEGIN
  IF current_setting('transaction_read_only') = 'on' THEN
    RETURN;
  ELSIF current_setting('one_roof.hold_lock', true) = 'session' THEN
    IF pg_try_advisory_lock(1330795077, 1) THEN RETURN; END IF;
  ELSIF pg_try_advisory_xact_lock(1330795077, 1) THEN
    RETURN;
  END IF;

  SELECT string_agg(format('pid %s, user %s, application %s, state %s, last query started %s',
           session.pid, session.usename, session.application_name, session.state, session.query_start), '; '),
         bool_or((role.rolsuper OR role.rolname = 'one_roof_login'
           OR EXISTS (SELECT FROM pg_roles AS writer WHERE writer.rolname IN ('one_roof_owner', 'one_roof_executor')
                      AND pg_has_role(role.oid, writer.oid, 'MEMBER'))
           OR CASE WHEN to_regnamespace('one_roof_rollout') IS NULL THEN has_database_privilege(role.oid, session.datid, 'CREATE')
              ELSE has_schema_privilege(role.oid, to_regnamespace('one_roof_rollout'), 'USAGE') END) IS NOT TRUE),
         string_agg(format('%s: SELECT pg_catalog.%s(%s);', CASE WHEN role.rolsuper THEN 'a superuser'
           ELSE format('%s, a superuser or a member of pg_signal_backend', session.usename) END, 'pg_terminate_backend', session.pid), ' ')
    INTO holders, stranger, ends
    FROM pg_locks AS held
    JOIN pg_stat_activity AS session ON session.pid = held.pid
    LEFT JOIN pg_roles AS role ON role.oid = session.usesysid
   WHERE held.locktype = 'advisory' AND held.classid = 1330795077 AND held.objid = 1 AND held.objsubid = 2 AND held.granted
     AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database());
  RAISE EXCEPTION '%: another session holds the rollout lock: %',
    current_setting('one_roof.step'), coalesce(holders, 'it has just ended')
    USING ERRCODE = 'OR003', HINT = CASE
      WHEN stranger THEN 'Nothing was changed. That is no rollout: its user may not carry one out. Have it ended, then start again. By ' || ends
      ELSE 'Nothing was changed. Wait until that session has ended, then start again.' || coalesce(' Should it hang, it is ended by ' || ends, '')
    END;
END
$lock$;
