-- Tier 5: the topic axis, and what is decided where topics and labels disagree.
--
-- Adds 1 axis, 9 values, 1 coverage rule, 7 map rows, the guarded assignments (6 on the dated baseline) and their owners
-- (5; what is in quarantine has none), and the decisions derived from the live reconcile views (6). Needs Tier 4.
-- label_rules is never edited. A second run changes nothing.
-- Rollback: sql/prod_rollback/50_topic_finalization.sql, by the tag PROD_topic_2026-06-03.

BEGIN;
SET LOCAL one_roof.step = 'Tier 5 (topic finalization)';
\ir ../common/ground.sql
SET LOCAL one_roof.axis = 'topic';

SET LOCAL one_roof.gates = $$
  database                =   {database}
  ospa                    >=  1
  ospa_valid              =   approved
  containment_required    =   35
  mapped_labels_inactive  =   0
  rule_labels_unknown     =   none
  group_owners_ambiguous  =   none
  others_rows             =   none
$$;
\ir ../common/entry_gates.sql

DO $seed$
DECLARE
  who record;
BEGIN

-- The axis: what a collection is about.
-- Here and below: a row that is there already must be this very row. Another is marked, and the exit gates refuse it.
INSERT INTO public.axis_registry AS known
  (axis_code, axis_name, axis_family, axis_kind, value_domain, status, lifecycle_status, created_by)
VALUES
  ('topic', 'Topic', 'label', 'uncertain', 'axis_value', 'active', 'active', 'PROD_topic_2026-06-03')
ON CONFLICT (axis_code) DO UPDATE SET created_by = 'differs'
WHERE to_jsonb(known) - 'created_at' <> to_jsonb(excluded) - 'created_at';

-- Its values. kg-domain-x was proposed by the knowledge graph and is ratified here, under the approval of Tier 3's rows.
INSERT INTO public.axis_value AS known (axis_code, value_code, parent_value_code, status, provenance, tag)
SELECT 'topic', topic.value_code, topic.parent_code, topic.status,
       topic.provenance || CASE WHEN topic.provenance ? 'ratified_by' THEN
         jsonb_build_object('approval_ref', (SELECT min(approval_ref) FROM public.governance_object_ownership
                                             WHERE created_by = 'PROD_OWNERSHIP_SEED_2026-06-03'))
       ELSE '{}' END,
       'PROD_topic_2026-06-03'
FROM (VALUES
  ('governance',    NULL,          'active',     '{"designated_by": "human", "kind": "human_designated"}'::jsonb),
  ('workflow',      NULL,          'active',     '{"designated_by": "human", "kind": "human_designated"}'),
  ('ai-ops',        'governance',  'active',     '{"designated_by": "agent", "kind": "ai_proposed"}'),
  ('registry-kg',   'governance',  'active',     '{"designated_by": "agent", "kind": "ai_proposed"}'),
  ('observability', NULL,          'active',     '{"designated_by": "agent", "kind": "ai_proposed"}'),
  ('data-platform', NULL,          'active',     '{"designated_by": "human", "kind": "human_designated"}'),
  ('workflow-exec', 'workflow',    'active',     '{"designated_by": "agent", "kind": "ai_proposed", "op": "split"}'),
  ('kg-domain-x',   'registry-kg', 'active',     '{"designated_by": "agent", "kind": "kg_ratified",
                                                   "prior_kind": "kg_provisional", "ratified_by": "GOV-KG-SYS"}'),
  ('gov-legacy',    NULL,          'deprecated', '{"designated_by": "agent", "kind": "ai_proposed",
                                                   "op": "merge", "merged_into": "governance"}')
) AS topic (value_code, parent_code, status, provenance)
ON CONFLICT (axis_code, value_code) DO UPDATE SET tag = 'differs'
WHERE to_jsonb(known) - ARRAY['id', 'created_at'] <> to_jsonb(excluded) - ARRAY['id', 'created_at'];

-- Its rule: every assignment has an accountable owner, confidence below 0.70 is low, and 30 days make it stale.
INSERT INTO public.coverage_rule AS known
  (rule_code, axis_code, applies_to, coverage_mode, confidence_threshold, staleness_days, required_owner_kind, status, tag)
VALUES
  ('CR-TOPIC-ASSIGNED', 'topic', 'collection', 'per_assignment', 0.70, 30, 'accountable', 'active', 'PROD_topic_2026-06-03')
ON CONFLICT (rule_code) DO UPDATE SET tag = 'differs'
WHERE to_jsonb(known) <> to_jsonb(excluded);

-- Topics in the words of the taxonomy.
INSERT INTO public.topic_taxonomy_map AS known (topic_value, label_code, map_kind, tag)
SELECT map.topic_value, map.label_code, 'inferred', 'PROD_topic_2026-06-03'
FROM (VALUES
  ('ai-ops',        'LBL-006'),
  ('ai-ops',        'LBL-061'),
  ('workflow',      'LBL-004'),
  ('registry-kg',   'LBL-101'),
  ('observability', 'LBL-014'),
  ('data-platform', 'LBL-002'),
  ('kg-domain-x',   'LBL-101')
) AS map (topic_value, label_code)
ON CONFLICT (topic_value, label_code) DO UPDATE SET tag = 'differs'
WHERE (known.map_kind, known.tag) IS DISTINCT FROM (excluded.map_kind, excluded.tag);

-- The assignments known so far, each only where the inventory has the collection. Days count as 24 hours, whatever the time zone.
INSERT INTO public.axis_assignment
  (object_type, object_ref, axis_code, value_code, zone, confidence, provenance, assigned_kind, assigned_at, tag)
SELECT object.object_type, object.object_ref, 'topic', topic.value_code, topic.zone, topic.confidence,
       CASE WHEN topic.zone <> 'quarantine' THEN jsonb_build_object('designated_by', topic.assigned_kind) END,
       topic.assigned_kind, now() - topic.days_ago * interval '24 hours', 'PROD_topic_2026-06-03'
FROM (VALUES
  ('agents',              'ai-ops',      'candidate',  0.92, 'human',  0),
  ('governance_registry', 'registry-kg', 'candidate',  0.85, 'agent',  0),
  ('workflows',           'workflow',    'candidate',  0.96, 'human',  0),
  ('modules',             'workflow',    'candidate',  0.55, 'agent',  0),
  ('tasks',               'ai-ops',      'candidate',  0.80, 'agent', 60),
  ('iu_staging_record',   'ai-ops',      'quarantine', NULL, 'agent',  0)
) AS topic (collection, value_code, zone, confidence, assigned_kind, days_ago)
JOIN public.v_governance_object_inventory AS object
  ON object.object_type = 'collection' AND object.object_ref = topic.collection
WHERE NOT EXISTS (
  SELECT FROM public.axis_assignment AS same
  WHERE same.object_type = object.object_type AND same.object_ref = object.object_ref AND same.axis_code = 'topic'
    AND same.value_code = topic.value_code AND same.status = 'active' AND same.tag = 'PROD_topic_2026-06-03'
    AND (same.zone, same.confidence, same.assigned_kind) IS NOT DISTINCT FROM (topic.zone, topic.confidence, topic.assigned_kind))
ORDER BY object.object_ref
ON CONFLICT (object_type, object_ref, axis_code, value_code) WHERE status = 'active' DO UPDATE SET tag = 'differs';

-- The owner of each assignment outside quarantine: the agency that is accountable for the collection's group now, but for
-- modules that of its topic.
INSERT INTO public.axis_object_ownership
  (object_type, object_ref, axis_code, value_code, owner_gov_code, owner_kind, approval_ref, tag)
SELECT assigned.object_type, assigned.object_ref, assigned.axis_code, assigned.value_code,
       coalesce(exception.gov_code, anchor.owner_gov_code), 'accountable', anchor.approval_ref, 'PROD_topic_2026-06-03'
FROM public.axis_assignment AS assigned
JOIN public.v_governance_object_containment AS edge
  ON edge.object_type = assigned.object_type AND edge.object_ref = assigned.object_ref
JOIN (SELECT DISTINCT object_ref, owner_gov_code, approval_ref
      FROM public.governance_object_ownership
      WHERE object_type = 'group' AND owner_kind = 'accountable' AND lifecycle_status = 'active' AND is_inherited_anchor
     ) AS anchor ON anchor.object_ref = edge.parent_ref
LEFT JOIN (VALUES ('modules', 'GOV-DOT')) AS exception (collection, gov_code) ON exception.collection = assigned.object_ref
WHERE assigned.tag = 'PROD_topic_2026-06-03' AND assigned.status = 'active' AND assigned.zone <> 'quarantine'
  AND NOT EXISTS (
    SELECT FROM public.axis_object_ownership AS same
    WHERE same.object_type = assigned.object_type AND same.object_ref = assigned.object_ref
      AND same.axis_code = assigned.axis_code AND same.value_code = assigned.value_code
      AND same.owner_kind = 'accountable' AND same.status = 'active' AND same.tag = 'PROD_topic_2026-06-03')
ORDER BY assigned.object_ref
ON CONFLICT (object_type, object_ref, axis_code, value_code) WHERE owner_kind = 'accountable' AND status = 'active'
DO UPDATE SET tag = 'differs';

-- What is accepted, derived from what the reconcile view flags on these assignments. A divergence is never accepted. What
-- people have decided meanwhile stays theirs, as long as it decides the same.
INSERT INTO public.topic_label_reconcile_decision AS known (coll, topic_value, decision_kind, rationale, decided_by, tag)
SELECT difference.coll, difference.topic_value,
       CASE WHEN difference.flag = 'orthogonal_facet' THEN 'accept_orthogonal_facet'
            WHEN assigned.zone = 'quarantine' THEN 'accept_quarantine_hold'
            ELSE 'accept_projection_pending' END,
       CASE WHEN difference.flag = 'orthogonal_facet'
            THEN 'The labels of the topic and of the collection share no facet, so they do not contradict.'
            WHEN assigned.zone = 'quarantine'
            THEN 'No label rule, and the assignment is in quarantine: on hold until it is reviewed.'
            ELSE 'No label rule yet: the projection is pending.' END,
       'Tier 5 (topic finalization)', 'PROD_topic_2026-06-03'
FROM public.v_reconcile_collection_topic_vs_label AS difference
JOIN public.axis_assignment AS assigned
  ON assigned.object_type = 'collection' AND assigned.object_ref = difference.coll
 AND assigned.axis_code = 'topic' AND assigned.value_code = difference.topic_value
 AND assigned.tag = 'PROD_topic_2026-06-03' AND assigned.status = 'active'
WHERE difference.flag IN ('orthogonal_facet', 'no_label_rule')
ORDER BY difference.coll
ON CONFLICT (coll, topic_value) DO UPDATE SET tag = 'differs'
WHERE known.decision_kind <> excluded.decision_kind;

EXCEPTION WHEN lock_not_available THEN
  EXECUTE current_setting('one_roof.locked') INTO who
    USING SQLERRM, 'ROWS axis_registry axis_value coverage_rule axis_assignment axis_object_ownership '
      'topic_taxonomy_map topic_label_reconcile_decision governance_registry';
  RAISE lock_not_available USING MESSAGE = who.said, HINT = who.hint;
END
$seed$;

SET LOCAL one_roof.delta = $$
  axis_registry                   +1
  axis_value                      +9
  coverage_rule                   +1
  topic_taxonomy_map              +7
  axis_assignment                 +0..6
  axis_object_ownership           +0..5
  topic_label_reconcile_decision  +0..6
$$;
SET LOCAL one_roof.gates = $$
  divergent       =  0
  projection_gap  =  0
  kg_domain_x     =  active
  rows_differing  =  none
  row_deltas      =  as declared
$$;
\ir ../common/exit_gates.sql

\ir ../common/closing.sql
COMMIT;
