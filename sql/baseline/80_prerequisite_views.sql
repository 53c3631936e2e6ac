-- The five views the rollout stands on. They exist before it, and neither rollout nor rollback touches them.
SET LOCAL search_path TO public, pg_temp;

-- A row is a collection that is governed and takes part in birth.
CREATE VIEW v_governance_object_inventory AS
SELECT
  'collection'::text AS object_type,
  c.collection_name::text AS object_ref,
  c.storage_role IS DISTINCT FROM 'projection' AS requires_owner,
  c.migration_state IS DISTINCT FROM 'unborn' AS born
FROM collection_registry AS c
WHERE c.governance_role = 'governed' AND c.coverage_status = 'BIRTH_REQUIRED';

-- A row is an edge from such a collection to the group it belongs to.
CREATE VIEW v_governance_object_containment AS
SELECT
  'collection'::text AS object_type,
  c.collection_name::text AS object_ref,
  'group'::text AS parent_type,
  c."group"::text AS parent_ref
FROM collection_registry AS c
WHERE c.governance_role = 'governed'
  AND c.coverage_status = 'BIRTH_REQUIRED'
  AND c."group" IS NOT NULL
  AND c."group" <> '';

-- A row says who answers for an object in a scope: the nearest active accountable row on the way from the object to its
-- ancestors, where an ancestor's row counts only if it is an anchor for inheritance.
CREATE VIEW v_object_effective_owner AS
WITH RECURSIVE accountable AS (
  SELECT
    o.object_type, o.object_ref, o.scope::text AS scope, o.owner_gov_code::text AS owner_gov_code, o.owner_kind,
    o.is_inherited_anchor
  FROM governance_object_ownership AS o
  WHERE o.owner_kind = 'accountable' AND o.lifecycle_status = 'active'
),
objects AS (
  SELECT object_type, object_ref FROM v_governance_object_inventory
  UNION
  SELECT object_type, object_ref FROM v_governance_object_containment
  UNION
  SELECT parent_type, parent_ref FROM v_governance_object_containment
  UNION
  SELECT object_type, object_ref FROM accountable
),
climb AS (
  SELECT object_type, object_ref, object_type AS anchor_type, object_ref AS anchor_ref, 0 AS depth
  FROM objects
  UNION ALL
  SELECT c.object_type, c.object_ref, p.parent_type, p.parent_ref, c.depth + 1
  FROM climb AS c
  JOIN v_governance_object_containment AS p ON p.object_type = c.anchor_type AND p.object_ref = c.anchor_ref
  WHERE c.depth < 64
)
SELECT DISTINCT ON (c.object_type, c.object_ref, a.scope)
  c.object_type,
  c.object_ref,
  a.scope,
  a.owner_gov_code,
  a.owner_kind,
  c.anchor_type AS source_anchor_type,
  c.anchor_ref AS source_anchor_ref,
  CASE c.depth WHEN 0 THEN 'direct' ELSE 'inherited' END AS resolution,
  c.depth
FROM climb AS c
JOIN accountable AS a ON a.object_type = c.anchor_type AND a.object_ref = c.anchor_ref
WHERE c.depth = 0 OR a.is_inherited_anchor
ORDER BY c.object_type, c.object_ref, a.scope, c.depth, c.anchor_type, c.anchor_ref;

-- A row is an object and a scope for which nobody answers.
CREATE VIEW v_object_owner_gap AS
SELECT i.object_type, i.object_ref, s.scope_code::text AS scope
FROM v_governance_object_inventory AS i
CROSS JOIN governance_responsibility_scope AS s
WHERE i.requires_owner AND i.born AND s.status = 'active'
EXCEPT
SELECT e.object_type, e.object_ref, e.scope
FROM v_object_effective_owner AS e;

-- A row is an object and a scope for which more than one agency answers.
CREATE VIEW v_object_owner_conflict AS
SELECT o.object_type, o.object_ref, o.scope::text AS scope, count(*)::integer AS owners
FROM governance_object_ownership AS o
WHERE o.owner_kind = 'accountable' AND o.lifecycle_status = 'active'
GROUP BY o.object_type, o.object_ref, o.scope
HAVING count(*) > 1;
