-- Full rollback: Tier 1's rollback, and that of everything above it.
--
-- Removes the ownership seed by its tag, the function, the 31 views, the 11 tables and the rollout's ledger.
-- Nothing is dropped with CASCADE: where an object of others depends on one of these, the rollback stops and changes
-- nothing. Rows of others in the 11 tables stop it too, until their loss is accepted. The 5 prerequisite views are never
-- touched. On a database without One-Roof it passes and changes nothing. Positions of existing sequences do not come back.

BEGIN;
SET LOCAL one_roof.step = 'Full rollback';
\ir ../common/ground.sql

-- A withdrawn approval must not block the way back.
SET LOCAL one_roof.gates = $$
  database         =   {database}
  others_rows      =   none
  ownership_cells  >=  0
$$;
\ir ../common/entry_gates.sql

\ir ../common/delete_ownership_seed.sql

SET LOCAL one_roof.act_as = 'owner';
\ir ../common/role.sql

-- The function, the views and the tables, in reverse order of their creation. Then the ledger, where the rollout was applied with
-- one. Its schema stays where roles take part: it is theirs, not the rollout's.
DO $drop$
DECLARE
  ours record;
  who  record;
BEGIN
  FOR ours IN
    SELECT word[1] AS kind, word[2] AS name
    FROM regexp_matches(current_setting('one_roof.objects'), '(table|view|function) +(\w+)', 'g') WITH ORDINALITY AS listed (word, position)
    ORDER BY position DESC
  LOOP
    EXECUTE format('DROP %s IF EXISTS public.%I', ours.kind, ours.name);
  END LOOP;
  DROP TABLE IF EXISTS one_roof_rollout.ledger;
  IF NOT EXISTS (
    SELECT FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
    WHERE n.nspname = 'one_roof_access' AND r.rolname = 'one_roof_access')
  THEN
    DROP SCHEMA IF EXISTS one_roof_rollout;
  END IF;
EXCEPTION WHEN lock_not_available THEN
  -- With a foreign key goes what watches over it in the table that it refers to.
  EXECUTE current_setting('one_roof.locked') INTO who
    USING SQLERRM, 'ACCESS EXCLUSIVE governance_registry one_roof_rollout.ledger ' || current_setting('one_roof.objects');
  RAISE lock_not_available USING MESSAGE = who.said, HINT = who.hint;
END
$drop$;

SET LOCAL one_roof.delta = $$
  governance_object_ownership  -own
$$;
SET LOCAL one_roof.gates = $$
  axis_objects      =  0
  ownership_seeded  =  0
  ownership_rows    =  0
  ownership_gap     =  {entry.ownership_cells}
  row_deltas        =  as declared
$$;
\ir ../common/exit_gates.sql

\ir ../common/closing.sql
COMMIT;
