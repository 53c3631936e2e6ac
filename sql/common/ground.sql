-- The ground on which every tier and every rollback stands. Comes right after BEGIN and one_roof.step.
--
-- Names and operators are PostgreSQL's own, whatever a role, a database or a neighbour in schema public has set up; hidden
-- rows are an error, definitions print alike on every connection, nothing waits for long, and one rollout runs at a time.
-- So relations of schema public are written with their schema, everywhere.
-- Settings it reads: one_roof.database, one_roof.lock_timeout, one_roof.statement_timeout.

SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL standard_conforming_strings = on;
SET LOCAL row_security = off;
SET LOCAL intervalstyle = postgres;
SET LOCAL quote_all_identifiers = off;

-- What an earlier file of the same transaction left behind: a rehearsal runs all of them in one.
SET LOCAL one_roof.axis = '';
SET LOCAL one_roof.delta = '';
SET LOCAL one_roof.at_entry = '';

DO $ground$
BEGIN
  -- A client that measures the transaction itself says so with the pid of its session, which no setting of a role can know.
  PERFORM set_config('one_roof.measured', CASE current_setting('one_roof.deltas', true)
    WHEN format('measured %s', pg_backend_pid()) THEN 'yes' ELSE 'no' END, true);
  IF coalesce(current_setting('one_roof.messages', true), '') <> '' THEN
    PERFORM set_config('client_min_messages', current_setting('one_roof.messages'), true);
  END IF;
  PERFORM set_config('one_roof.database', coalesce(nullif(current_setting('one_roof.database', true), ''), 'directus'), true);
  PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('one_roof.lock_timeout', true), ''), '500ms'), true);
  PERFORM set_config('statement_timeout', coalesce(nullif(current_setting('one_roof.statement_timeout', true), ''), '30s'), true);
END
$ground$;

-- What a file does it does as the executor; what makes or removes objects says that it acts as the owner.
SET LOCAL one_roof.act_as = 'executor';
\ir role.sql

\ir lock.sql
\ir locked.sql
\ir objects.sql
\ir agencies.sql
\ir readings.sql
