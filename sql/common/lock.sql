-- The rollout's lock: one rollout at a time, by psql or by Pulumi. What only reads needs none.
-- A file holds it until its transaction ends; a chain says one_roof.hold_lock = session and holds it for all its files.
DO $lock$
DECLARE
  holder text;
BEGIN
  IF current_setting('transaction_read_only') = 'on' THEN
    RETURN;
  ELSIF current_setting('one_roof.hold_lock', true) = 'session' THEN
    IF pg_try_advisory_lock(1330795077, 1) THEN RETURN; END IF;
  ELSIF pg_try_advisory_xact_lock(1330795077, 1) THEN
    RETURN;
  END IF;

  SELECT format('pid %s, user %s, application %s, state %s, last query started %s',
           held.pid, session.usename, session.application_name, session.state, session.query_start)
    INTO holder
    FROM pg_locks AS held
    LEFT JOIN pg_stat_activity AS session ON session.pid = held.pid
   WHERE held.locktype = 'advisory' AND held.classid = 1330795077 AND held.objid = 1 AND held.objsubid = 2 AND held.granted
     AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database());
  RAISE EXCEPTION '%: another session holds the rollout lock: %',
    current_setting('one_roof.step'), coalesce(holder, 'it has just ended')
    USING ERRCODE = 'OR003', HINT = 'Nothing was changed. Wait until that session has ended, then start again.';
END
$lock$;
