-- Tier 3: the sovereign ownership seed.
--
-- Makes one agency accountable for each of the 5 groups in each of the 6 responsibility scopes: 30 rows, which every
-- governed collection inherits, so that the gap falls from 210 to 0. Runs only under the ratified request that
-- one_roof.ratified_apr names and the council has approved; the approval itself is never written here. Needs Tier 2.
-- A second run is refused: there is nothing left to seed.
-- Rollback: sql/prod_rollback/30_ownership_seed.sql, by created_by PROD_OWNERSHIP_SEED_2026-06-03.

BEGIN;
SET LOCAL one_roof.step = 'Tier 3 (ownership seed)';
\ir ../common/ground.sql

SET LOCAL one_roof.gates = $$
  database                 =   {database}
  ospa                     >=  1
  ospa_valid               =   approved
  ratified_request         =   approved
  responsibility_required  =   210
  ownership_gap            =   210
  ownership_rows           =   0
  ownership_conflict       =   0
$$;
\ir ../common/entry_gates.sql

-- One row for each group of sql/common/agencies.sql, which names the ratified agency of each, and each active scope, joined
-- with the groups that live rows name: a group that is missing in the list leaves a gap, a group that is missing among the
-- live rows leaves fewer than 30 rows, and either is refused at exit.
--
-- Triggers of the application fire on its own table, and find their tables where they always do. What stands in schema
-- public beside them cannot take part: types are exact.
DO $seed$
DECLARE
  who record;
BEGIN

SET LOCAL search_path = public, pg_temp;
INSERT INTO public.governance_object_ownership
  (object_type, object_ref, scope, owner_kind, owner_gov_code, is_inherited_anchor, lifecycle_status, effective_from,
   approval_ref, created_at, created_by)
SELECT live_group.parent_type, live_group.parent_ref, scope.scope_code, 'accountable', agency.word[2], true, 'active', now(),
       current_setting('one_roof.ratified_apr'), now(), 'PROD_OWNERSHIP_SEED_2026-06-03'
FROM (SELECT DISTINCT parent_type, parent_ref FROM public.v_governance_object_containment) AS live_group
JOIN regexp_matches(current_setting('one_roof.agencies'), '(\S+) +(\S+)', 'g') AS agency (word) ON agency.word[1] = live_group.parent_ref::text
CROSS JOIN public.governance_responsibility_scope AS scope
WHERE scope.status::text = 'active'
ORDER BY live_group.parent_ref, scope.scope_code;

EXCEPTION WHEN lock_not_available THEN
  EXECUTE current_setting('one_roof.locked') INTO who
    USING SQLERRM, 'ROWS governance_object_ownership governance_registry governance_responsibility_scope';
  RAISE lock_not_available USING MESSAGE = who.said, HINT = who.hint;
END
$seed$;

SET LOCAL one_roof.delta = $$
  governance_object_ownership  +30
$$;
SET LOCAL one_roof.gates = $$
  ownership_seeded    =  30
  ownership_gap       =  0
  ownership_conflict  =  0
  owners              =  as ratified
  row_deltas          =  as declared
$$;
\ir ../common/exit_gates.sql

\ir ../common/closing.sql
COMMIT;
