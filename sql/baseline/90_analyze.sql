-- Statistics, so that the first plans are those of a database that has been in use.
SET LOCAL search_path TO public, pg_temp;

ANALYZE
  approval_requests, apr_action_types, apr_approvals, apr_request_types, birth_registry, collection_registry, dot_tools,
  entity_labels, event_outbox, event_type_registry, governance_object_ownership, governance_registry, governance_relations,
  governance_responsibility_scope, label_rules, os_proposal_approvals, system_issues, taxonomy, taxonomy_facets;
