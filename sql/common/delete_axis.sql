-- Takes back a tier that seeded the axis in one_roof.axis: every row on it, what refers to other rows first. The entry gates
-- have held that no row of others is among them, or that their loss was accepted.
DO $delete_axis$
DECLARE
  relations CONSTANT text[] := ARRAY[
    'topic_label_reconcile_decision', 'topic_taxonomy_map', 'axis_object_ownership', 'axis_assignment',
    'coverage_rule', 'axis_value', 'axis_registry'];
  relation  text;
  who       record;
BEGIN
  FOREACH relation IN ARRAY relations
  LOOP
    IF to_regclass('public.' || relation) IS NOT NULL THEN
      EXECUTE format('DELETE FROM public.%I WHERE axis_code = %L', relation, current_setting('one_roof.axis'));
    END IF;
  END LOOP;
EXCEPTION
  -- Something kept a row that refers to another: all stay then, and the exit gates say so.
  WHEN foreign_key_violation THEN NULL;
  WHEN lock_not_available THEN
    EXECUTE current_setting('one_roof.locked') INTO who USING SQLERRM, 'ROWS ' || array_to_string(relations, ' ');
    RAISE lock_not_available USING MESSAGE = who.said, HINT = who.hint;
END
$delete_axis$;
