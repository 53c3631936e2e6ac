-- What a statement says that has waited for others as long as it may: who is in its way, and who ends that how. PostgreSQL
-- itself names nobody. A block that may meet such a lock ends so, with the mode that it wants and the relations, by their bare
-- names (none: whichever there are); ROWS wants to write rows that others may have locked:
--
--   EXCEPTION WHEN lock_not_available THEN
--     EXECUTE replace(current_setting('one_roof.locked'), '{wanted}', 'SHARE ROW EXCLUSIVE governance_registry');
--     RAISE lock_not_available USING MESSAGE = coalesce(nullif(…, ''), SQLERRM), HINT = …;
--
-- with what it leaves in one_roof.locked_by and one_roof.locked_hint. It raises nothing itself: psql would show all of it as context.
-- Nothing is locked beforehand to find out: the statement itself has waited, so nobody waits twice, and there is no gap between
-- a look and the statement. Who is named is who holds such a lock a moment later. A client that measures the transaction itself
-- names them from a session of its own: for it nothing is said here, and the message stays PostgreSQL's.
SET LOCAL one_roof.locked = $locked$
DO $who$
DECLARE
  wants     text;
  relations text[];
  found     text;
  ends      text;
BEGIN
  -- A block that writes a table of the application has its triggers' path.
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  PERFORM set_config('one_roof.locked_by', '', true), set_config('one_roof.locked_hint', '', true);
  IF coalesce(current_setting('one_roof.deltas', true), '') = format('measured %s', pg_backend_pid()) THEN RETURN; END IF;
  wants := substring('{wanted}' FROM '^[A-Z]+(?: [A-Z]+)*');
  relations := regexp_split_to_array(substring('{wanted}' FROM ' ([a-z_ ]+)$'), ' +');

  -- Looked at anew: a transaction keeps what it once saw of other sessions.
  PERFORM pg_stat_clear_snapshot();
  WITH modes AS (
    SELECT name, strength, upper(btrim(regexp_replace(replace(name, 'Lock', ''), '([A-Z])', ' \1', 'g'))) AS text
    FROM unnest(ARRAY['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock',
      'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock']) WITH ORDINALITY AS listed (name, strength)
  ), locks AS (
    -- Whoever waits for such a lock is in the way too: locks are given in the order in which they were asked for.
    SELECT lock.pid, lock.virtualtransaction, format('%I.%I', space.nspname, class.relname) AS relation, lock.granted, modes.*
    FROM pg_locks AS lock
    JOIN modes ON modes.name = lock.mode
    JOIN pg_class AS class ON class.oid = lock.relation
    JOIN pg_namespace AS space ON space.oid = class.relnamespace
    WHERE lock.locktype = 'relation' AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND lock.pid IS DISTINCT FROM pg_backend_pid() AND class.relkind IN ('r', 'p', 'v', 'm', 'f') AND class.relpersistence <> 't'
      AND (relations IS NULL OR space.nspname = 'public' AND class.relname = ANY (relations))
      -- The weakest mode that each one meets; from there on it meets all.
      AND modes.strength >= CASE wants WHEN 'ACCESS SHARE' THEN 8 WHEN 'ROW EXCLUSIVE' THEN 5 WHEN 'SHARE UPDATE EXCLUSIVE' THEN 4
        WHEN 'SHARE ROW EXCLUSIVE' THEN 3 WHEN 'ROWS' THEN 2 ELSE 1 END
      -- Whoever has locked a row has a number for its transaction.
      AND (wants <> 'ROWS' OR modes.strength >= 5 OR EXISTS (
        SELECT FROM pg_locks AS own
        WHERE own.locktype = 'transactionid' AND own.granted AND own.virtualtransaction = lock.virtualtransaction))
  ), holders AS (
    SELECT pid, virtualtransaction, max(strength) AS strength, bool_or(granted) AS granted,
           array_agg(DISTINCT relation ORDER BY relation) AS names
    FROM locks GROUP BY pid, virtualtransaction
  ), described AS (
    SELECT CASE WHEN wants = 'ROWS' AND holders.strength < 5 THEN 'rows of ' ELSE '' END
        || array_to_string(names[1:3], ', ') || CASE WHEN cardinality(names) > 3 THEN format(' and %s more', cardinality(names) - 3) ELSE '' END
        || CASE WHEN cardinality(names) > 1 OR wants = 'ROWS' AND holders.strength < 5 THEN ' are' ELSE ' is' END || ' locked by '
        || CASE WHEN holders.pid IS NULL THEN format('prepared transaction %L, user %s', prepared.gid, prepared.owner)
             ELSE format('pid %s, user %s, application "%s", %s for %s s', holders.pid, coalesce(session.usename, session.backend_type, '?'),
               session.application_name, coalesce(session.state, 'at work'), extract(epoch FROM clock_timestamp()
                 - CASE WHEN session.state LIKE 'idle%' THEN session.state_change ELSE session.xact_start END)::integer) END
        || CASE WHEN holders.granted THEN ', which holds ' ELSE ', which waits for ' END || modes.text AS text,
      CASE WHEN holders.pid IS NULL THEN format('%s or a superuser: ROLLBACK PREPARED %L (or COMMIT PREPARED);', prepared.owner, prepared.gid)
        ELSE format('%s: SELECT pg_catalog.%s(%s);', CASE WHEN role.rolsuper IS FALSE
          THEN format('%s, a superuser or a member of pg_signal_backend', role.rolname) ELSE 'a superuser' END,
          'pg_terminate_backend', holders.pid) END AS command
    FROM holders
    JOIN modes ON modes.strength = holders.strength
    LEFT JOIN pg_stat_activity AS session ON session.pid = holders.pid
    LEFT JOIN pg_roles AS role ON role.oid = session.usesysid
    LEFT JOIN pg_locks AS own ON holders.pid IS NULL AND own.pid IS NULL AND own.locktype = 'transactionid'
      AND own.virtualtransaction = holders.virtualtransaction
    LEFT JOIN pg_prepared_xacts AS prepared ON prepared.transaction = own.transactionid
    ORDER BY holders.granted DESC, holders.strength DESC, holders.pid
  )
  SELECT string_agg(text, '; '), string_agg(command, ' ') INTO found, ends FROM described;

  -- Where nobody is found PostgreSQL's message stays: a trigger of the application may have refused to wait at all.
  PERFORM set_config('one_roof.locked_by',
      format('%s: lock timeout after %s: ', current_setting('one_roof.step'), current_setting('lock_timeout')) || found, true),
    set_config('one_roof.locked_hint', 'Nothing was changed: this transaction is rolled back whole, what was done before it stays. '
      || coalesce('Wait until that transaction has ended, then run this file again. Should it hang, it is ended by ' || ends,
        'Whoever was in the way has just ended: run this file again.'), true);
END
$who$
$locked$;
