-- Judges one_roof.gates before COMMIT, after comparing what this file wrote with what one_roof.delta declares.
-- A line of one_roof.delta is `table +n` or `table +from..to` (rows that a tier inserts) or `table -own` (rows that a
-- rollback takes back); in every other table of the database no row may have been written.

SET LOCAL search_path = pg_catalog, pg_temp;
\ir row_deltas.sql
SET LOCAL one_roof.act_as = 'owner';
\ir role.sql
\ir analyze.sql
SET LOCAL one_roof.act_as = 'executor';
\ir role.sql
SET LOCAL one_roof.section = 'exit';
\ir gates.sql

-- What only this file meant must not colour a reading that is taken after it.
SET LOCAL one_roof.step = '';
SET LOCAL one_roof.axis = '';
SET LOCAL one_roof.row_deltas = '';
