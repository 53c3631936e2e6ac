-- Tier 2: the responsibility axis.
--
-- Adds 1 axis, 6 values (the active responsibility scopes) and 1 coverage rule, so that the generalised model demands
-- exactly the 210 cells that v_object_owner_gap reports. Needs Tier 1. A second run changes nothing.
-- Rollback: sql/prod_rollback/20_responsibility_axis.sql, by the tag PROD_responsibility_2026-06-03.

BEGIN;
SET LOCAL one_roof.step = 'Tier 2 (responsibility axis)';
\ir ../common/ground.sql
SET LOCAL one_roof.axis = 'responsibility';

SET LOCAL one_roof.gates = $$
  database             =   {database}
  ospa                 >=  1
  ospa_valid           =   approved
  axis_objects         =   43
  structure            =   as defined
  foreign_privileges   =   none
  others_rows          =   none
$$;
\ir ../common/entry_gates.sql

DO $seed$
DECLARE
  who record;
BEGIN

-- The axis: who answers for an object in a responsibility scope.
-- Here and below: a row that is there already must be this very row. Another is marked, and the exit gates refuse it.
INSERT INTO public.axis_registry AS known
  (axis_code, axis_name, axis_family, axis_kind, value_domain, status, lifecycle_status, created_by)
VALUES
  ('responsibility', 'Responsibility', 'structural', 'system', 'governance_responsibility_scope',
   'active', 'active', 'PROD_responsibility_2026-06-03')
ON CONFLICT (axis_code) DO UPDATE SET created_by = 'differs'
WHERE to_jsonb(known) - 'created_at' <> to_jsonb(excluded) - 'created_at';

-- Its values: the active scopes as they are now.
INSERT INTO public.axis_value AS known (axis_code, value_code, status, provenance, tag)
SELECT 'responsibility', scope.scope_code, 'active',
       jsonb_build_object('designated_by', 'human', 'kind', 'human_designated'), 'PROD_responsibility_2026-06-03'
FROM public.governance_responsibility_scope AS scope
WHERE scope.status = 'active'
ORDER BY scope.scope_code
ON CONFLICT (axis_code, value_code) DO UPDATE SET tag = 'differs'
WHERE to_jsonb(known) - ARRAY['id', 'created_at'] <> to_jsonb(excluded) - ARRAY['id', 'created_at'];

-- Its rule: every governed collection has an accountable owner in every scope.
INSERT INTO public.coverage_rule AS known
  (rule_code, axis_code, applies_to, coverage_mode, required_owner_kind, status, tag)
VALUES
  ('CR-RESP-ALL', 'responsibility', 'collection', 'cross_product', 'accountable', 'active', 'PROD_responsibility_2026-06-03')
ON CONFLICT (rule_code) DO UPDATE SET tag = 'differs'
WHERE to_jsonb(known) <> to_jsonb(excluded);

EXCEPTION WHEN lock_not_available THEN
  EXECUTE current_setting('one_roof.locked') INTO who USING SQLERRM, 'ROWS axis_registry axis_value coverage_rule';
  RAISE lock_not_available USING MESSAGE = who.said, HINT = who.hint;
END
$seed$;

SET LOCAL one_roof.delta = $$
  axis_registry  +1
  axis_value     +6
  coverage_rule  +1
$$;
SET LOCAL one_roof.gates = $$
  responsibility_required   =  210
  responsibility_gap_drift  =  0
  rows_differing            =  none
  row_deltas                =  as declared
$$;
\ir ../common/exit_gates.sql

\ir ../common/closing.sql
COMMIT;
