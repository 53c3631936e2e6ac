-- Which agency answers for which group, as it was ratified: Tier 3 seeds it, and every later look at the owners is held to it.
-- SET and not SET LOCAL: probe and monitor take it too, and may run outside of a transaction.
SET one_roof.agencies = $agencies$
  GRP-GOVERNANCE  GOV-COUNCIL
  GRP-REGISTRY    GOV-KG-SYS
  GRP-BUSINESS    GOV-MOIT
  GRP-WORKFLOW    GOV-DOT
  GRP-AI          GOV-DOT
$agencies$;
