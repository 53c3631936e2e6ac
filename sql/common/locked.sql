-- What a statement says that has waited for others as long as it may: who is in its way, and who ends that how. PostgreSQL
-- itself names nobody. So whatever may meet a lock of others stands in a block that declares `who record` and ends so:
--
--   EXCEPTION WHEN lock_not_available THEN
--     EXECUTE current_setting('one_roof.locked') INTO who USING SQLERRM, 'SHARE ROW EXCLUSIVE governance_registry';
--     RAISE lock_not_available USING MESSAGE = who.said, HINT = who.hint;
--
-- with the mode that it wants and the relations of schema public; ROWS writes rows that others may have locked, or the like of
-- which they are about to commit. Where nobody is in the way there, it is who lets nobody read, whatever relation that is.
-- Nothing is locked beforehand to find out: the statement itself has waited, so nobody waits twice, and there is no gap between
-- a look and the statement. Who is named is who holds such a lock a moment later. Where nobody is, PostgreSQL's message stays: a
-- trigger of the application may have refused to wait at all. It stays for a client that measures the transaction itself, too,
-- which names them from a session of its own.
SET LOCAL one_roof.locked = $locked$
WITH modes AS (
  SELECT name, strength, upper(btrim(regexp_replace(replace(name, 'Lock', ''), '([A-Z])', ' \1', 'g'))) AS text
  FROM unnest(ARRAY['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock',
    'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock']) WITH ORDINALITY AS listed (name, strength)
), wanted AS (
  SELECT mode, regexp_split_to_array($2, '\s+') AS relations,
         -- The weakest mode that it meets; from there on it meets all.
         CASE mode WHEN 'ROW EXCLUSIVE' THEN 5 WHEN 'SHARE UPDATE EXCLUSIVE' THEN 4 WHEN 'SHARE ROW EXCLUSIVE' THEN 3
           WHEN 'ROWS' THEN 2 WHEN 'ACCESS EXCLUSIVE' THEN 1 END AS meets
  FROM substring($2 FROM '^[A-Z]+(?: [A-Z]+)*') AS mode
), locks AS (
  -- Whoever waits for such a lock is in the way too: locks are given in the order in which they were asked for.
  SELECT lock.pid, lock.virtualtransaction, format('%I.%I', space.nspname, class.relname) AS relation, lock.granted, modes.*,
         place.is_named, wanted.mode = 'ROWS' AND modes.strength < 5 AS on_rows
  FROM wanted
  CROSS JOIN pg_locks AS lock
  JOIN modes ON modes.name = lock.mode
  JOIN pg_class AS class ON class.oid = lock.relation
  JOIN pg_namespace AS space ON space.oid = class.relnamespace
  CROSS JOIN LATERAL (SELECT CASE space.nspname WHEN 'public' THEN '' ELSE space.nspname || '.' END || class.relname = ANY (relations)
    AS is_named) AS place
  WHERE lock.locktype = 'relation' AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND lock.pid IS DISTINCT FROM pg_backend_pid() AND class.relkind IN ('r', 'p', 'v', 'm', 'f') AND class.relpersistence <> 't'
    AND modes.strength >= CASE WHEN is_named THEN wanted.meets ELSE 8 END
    -- Whoever has locked a row has a number for its transaction.
    AND (wanted.mode <> 'ROWS' OR modes.strength >= 5 OR EXISTS (
      SELECT FROM pg_locks AS own
      WHERE own.locktype = 'transactionid' AND own.granted AND own.virtualtransaction = lock.virtualtransaction))
), holders AS (
  SELECT pid, virtualtransaction, max(strength) AS strength, bool_or(granted) AS granted, bool_and(on_rows) AS on_rows,
         array_agg(DISTINCT relation ORDER BY relation) AS names
  FROM locks
  WHERE is_named OR NOT EXISTS (SELECT FROM locks AS named WHERE named.is_named)
  GROUP BY pid, virtualtransaction
), described AS (
  SELECT CASE WHEN on_rows THEN 'rows of ' ELSE '' END
      || array_to_string(names[1:3], ', ') || CASE WHEN cardinality(names) > 3 THEN format(' and %s more', cardinality(names) - 3) ELSE '' END
      || CASE WHEN on_rows OR cardinality(names) > 1 THEN ' are' ELSE ' is' END || ' locked by '
      || CASE WHEN holders.pid IS NULL THEN format('prepared transaction %L, user %s', prepared.gid, prepared.owner)
           ELSE format('pid %s, user %s, application "%s", %s for %s s', holders.pid, coalesce(role.rolname, session.backend_type, '?'),
             session.application_name, coalesce(session.state, 'at work'), extract(epoch FROM clock_timestamp()
               - CASE WHEN session.state LIKE 'idle%' THEN session.state_change ELSE session.xact_start END)::integer) END
      || CASE WHEN holders.granted THEN ', which holds ' ELSE ', which waits for ' END || modes.text AS text,
    CASE WHEN holders.pid IS NULL THEN format('%s or a superuser: ROLLBACK PREPARED %L (or COMMIT PREPARED);', prepared.owner, prepared.gid)
      ELSE format('%s: SELECT pg_catalog.%s(%s);', CASE WHEN role.rolsuper IS FALSE
        THEN format('%s, a superuser or a member of pg_signal_backend', role.rolname) ELSE 'a superuser' END,
        'pg_terminate_backend', holders.pid) END AS command
  -- Looked at anew: a transaction keeps what it once saw of other sessions.
  FROM (SELECT pg_stat_clear_snapshot()) AS fresh (look)
  CROSS JOIN holders
  JOIN modes ON modes.strength = holders.strength
  LEFT JOIN LATERAL pg_stat_get_activity(nullif(holders.pid, length(fresh.look::text))) AS session ON session.pid = holders.pid
  LEFT JOIN pg_roles AS role ON role.oid = session.usesysid
  LEFT JOIN pg_locks AS own ON holders.pid IS NULL AND own.pid IS NULL AND own.locktype = 'transactionid'
    AND own.virtualtransaction = holders.virtualtransaction
  LEFT JOIN pg_prepared_xacts AS prepared ON prepared.transaction = own.transactionid
  ORDER BY holders.granted DESC, holders.strength DESC, holders.pid
)
SELECT
  coalesce(CASE WHEN names_them THEN format('%s: lock timeout after %s: ', current_setting('one_roof.step'), current_setting('lock_timeout'))
    || string_agg(text, '; ') END, $1) AS said,
  CASE WHEN names_them THEN 'Nothing was changed: this transaction is rolled back whole, what was done before it stays. '
    || coalesce('Wait until that transaction has ended, then run this file again. Should it hang, it is ended by '
      || string_agg(command, ' '), 'Whoever was in the way has just ended: run this file again.') ELSE '' END AS hint
FROM (SELECT current_setting('one_roof.measured') <> 'yes') AS client (names_them)
LEFT JOIN described ON true
GROUP BY names_them
$locked$;
