-- Tier 4: the containment axis.
--
-- Adds 1 axis, 5 values (the groups), 1 coverage rule, 35 assignments (each governed collection to its group) and 35 owners
-- (the agency that answers for the group now, with its approval). Needs Tier 3. A second run changes nothing.
-- Rollback: sql/prod_rollback/40_containment.sql, by the tag PROD_containment_2026-06-03.

BEGIN;
SET LOCAL one_roof.step = 'Tier 4 (containment)';
\ir ../common/ground.sql
SET LOCAL one_roof.axis = 'containment';

SET LOCAL one_roof.gates = $$
  database                =   {database}
  ospa                    >=  1
  ospa_valid              =   approved
  ownership_seeded        =   30
  group_owners_ambiguous  =   none
  others_rows             =   none
$$;
\ir ../common/entry_gates.sql

DO $seed$
DECLARE
  who record;
BEGIN

-- The axis: in which group a collection is.
-- Here and below: a row that is there already must be this very row. Another is marked, and the exit gates refuse it.
INSERT INTO public.axis_registry AS known
  (axis_code, axis_name, axis_family, axis_kind, value_domain, status, lifecycle_status, created_by)
VALUES
  ('containment', 'Containment', 'structural', 'deterministic', 'v_governance_object_containment.parent_ref',
   'active', 'active', 'PROD_containment_2026-06-03')
ON CONFLICT (axis_code) DO UPDATE SET created_by = 'differs'
WHERE to_jsonb(known) - 'created_at' <> to_jsonb(excluded) - 'created_at';

-- Its values: the groups as they are now.
INSERT INTO public.axis_value AS known (axis_code, value_code, status, provenance, tag)
SELECT DISTINCT 'containment', edge.parent_ref, 'active',
       jsonb_build_object('designated_by', 'human', 'kind', 'human_designated'), 'PROD_containment_2026-06-03'
FROM public.v_governance_object_containment AS edge
ORDER BY edge.parent_ref
ON CONFLICT (axis_code, value_code) DO UPDATE SET tag = 'differs'
WHERE to_jsonb(known) - ARRAY['id', 'created_at'] <> to_jsonb(excluded) - ARRAY['id', 'created_at'];

-- Its rule: every assignment has an accountable owner. Containment is a fact and never grows stale.
INSERT INTO public.coverage_rule AS known
  (rule_code, axis_code, applies_to, coverage_mode, confidence_threshold, staleness_days, required_owner_kind, status, tag)
VALUES
  ('CR-CONTAIN-ASSIGNED', 'containment', 'collection', 'per_assignment', 0.5, 0, 'accountable', 'active',
   'PROD_containment_2026-06-03')
ON CONFLICT (rule_code) DO UPDATE SET tag = 'differs'
WHERE to_jsonb(known) <> to_jsonb(excluded);

-- Every governed collection to its group.
INSERT INTO public.axis_assignment
  (object_type, object_ref, axis_code, value_code, zone, confidence, provenance, assigned_kind, tag)
SELECT edge.object_type, edge.object_ref, 'containment', edge.parent_ref, 'approved', 1.0,
       jsonb_build_object('source', 'v_governance_object_containment', 'rule_code', 'CR-CONTAIN-ASSIGNED'),
       'rule', 'PROD_containment_2026-06-03'
FROM public.v_governance_object_inventory AS object
JOIN public.v_governance_object_containment AS edge
  ON edge.object_type = object.object_type AND edge.object_ref = object.object_ref
WHERE object.requires_owner AND object.born
  AND NOT EXISTS (
    SELECT FROM public.axis_assignment AS same
    WHERE same.object_type = edge.object_type AND same.object_ref = edge.object_ref AND same.axis_code = 'containment'
      AND same.value_code = edge.parent_ref AND same.status = 'active' AND same.tag = 'PROD_containment_2026-06-03'
      AND (same.zone, same.confidence, same.assigned_kind) = ('approved', 1.0, 'rule'))
ORDER BY edge.parent_ref, edge.object_ref
ON CONFLICT (object_type, object_ref, axis_code, value_code) WHERE status = 'active' DO UPDATE SET tag = 'differs';

-- The owner of each assignment: the agency that is accountable for the group now, under the approval that made it so.
INSERT INTO public.axis_object_ownership
  (object_type, object_ref, axis_code, value_code, owner_gov_code, owner_kind, approval_ref, tag)
SELECT assigned.object_type, assigned.object_ref, assigned.axis_code, assigned.value_code,
       anchor.owner_gov_code, 'accountable', anchor.approval_ref, 'PROD_containment_2026-06-03'
FROM public.axis_assignment AS assigned
JOIN (SELECT DISTINCT object_ref, owner_gov_code, approval_ref
      FROM public.governance_object_ownership
      WHERE object_type = 'group' AND owner_kind = 'accountable' AND lifecycle_status = 'active' AND is_inherited_anchor
     ) AS anchor ON anchor.object_ref = assigned.value_code
WHERE assigned.tag = 'PROD_containment_2026-06-03' AND assigned.status = 'active'
  AND NOT EXISTS (
    SELECT FROM public.axis_object_ownership AS same
    WHERE same.object_type = assigned.object_type AND same.object_ref = assigned.object_ref
      AND same.axis_code = assigned.axis_code AND same.value_code = assigned.value_code
      AND same.owner_kind = 'accountable' AND same.status = 'active' AND same.tag = 'PROD_containment_2026-06-03')
ORDER BY assigned.value_code, assigned.object_ref
ON CONFLICT (object_type, object_ref, axis_code, value_code) WHERE owner_kind = 'accountable' AND status = 'active'
DO UPDATE SET tag = 'differs';

EXCEPTION WHEN lock_not_available THEN
  EXECUTE current_setting('one_roof.locked') INTO who
    USING SQLERRM, 'ROWS axis_registry axis_value coverage_rule axis_assignment axis_object_ownership governance_registry';
  RAISE lock_not_available USING MESSAGE = who.said, HINT = who.hint;
END
$seed$;

SET LOCAL one_roof.delta = $$
  axis_registry          +1
  axis_value             +5
  coverage_rule          +1
  axis_assignment        +35
  axis_object_ownership  +35
$$;
SET LOCAL one_roof.gates = $$
  containment_required             =  35
  containment_gap                  =  0
  containment_unregistered_groups  =  0
  containment_without_group        =  0
  rows_differing                   =  none
  row_deltas                       =  as declared
$$;
\ir ../common/exit_gates.sql

\ir ../common/closing.sql
COMMIT;
