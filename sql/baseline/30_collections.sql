-- The registry of all 168 collections; 35 of them are governed and must have an owner.
SET LOCAL search_path TO public, pg_temp;

-- One row a collection of the application.
CREATE TABLE collection_registry (
  id serial PRIMARY KEY,
  collection_name varchar(255) NOT NULL UNIQUE,
  "group" varchar(255),
  governance_role varchar(32) NOT NULL CHECK (governance_role IN ('governed', 'locked', 'observed', 'excluded')),
  coverage_status varchar(64),
  storage_role varchar(64),
  source_kind varchar(64),
  migration_state varchar(64),
  description text
);

-- The 35 collections that need an owner, by group: 16, 14, 2, 2 and 1.
INSERT INTO collection_registry (
  collection_name, "group", governance_role, coverage_status, storage_role, source_kind, migration_state, description
)
SELECT
  m.collection_name,
  g.group_code,
  'governed',
  'BIRTH_REQUIRED',
  'primary',
  'directus',
  'born',
  'Governed collection of ' || g.group_code
FROM (
  VALUES
    ('GRP-GOVERNANCE', ARRAY[
      'approval_requests', 'apr_action_types', 'apr_approvals', 'apr_request_types', 'checkpoint_sets', 'checkpoint_types',
      'dot_domain_rules', 'governance_registry', 'governance_relations', 'law_catalog', 'law_dot_enforcement',
      'law_jurisdiction', 'normative_registry', 'normative_relations', 'system_issues', 'workflow_change_requests'
    ]),
    ('GRP-REGISTRY', ARRAY[
      'collection_registry', 'dot_tools', 'entity_dependencies', 'entity_species', 'field_type_equivalences',
      'iu_staging_payload', 'iu_staging_record', 'measurement_registry', 'meta_catalog', 'pivot_definitions',
      'table_registry', 'taxonomy', 'taxonomy_facets', 'ui_pages'
    ]),
    ('GRP-BUSINESS', ARRAY['modules', 'tasks']),
    ('GRP-WORKFLOW', ARRAY['workflow_steps', 'workflows']),
    ('GRP-AI', ARRAY['agents'])
) AS g (group_code, members)
CROSS JOIN LATERAL unnest(g.members) AS m (collection_name)
ORDER BY m.collection_name;

-- Governed, but not required to have an owner: their coverage differs, and some have no group.
INSERT INTO collection_registry (
  collection_name, "group", governance_role, coverage_status, storage_role, source_kind, migration_state, description
)
VALUES
  ('birth_registry', 'GRP-REGISTRY', 'governed', 'BIRTH_EXEMPT', 'ledger', 'directus', 'born', 'Births of entities'),
  ('entity_labels', 'GRP-REGISTRY', 'governed', 'BIRTH_EXEMPT', 'ledger', 'directus', 'born', 'Labels of entities'),
  ('event_outbox', 'GRP-EVENT', 'governed', 'BIRTH_EXEMPT', 'ledger', 'postgres', 'born', 'Events to be delivered'),
  ('event_type_registry', 'GRP-EVENT', 'governed', 'BIRTH_OPTIONAL', 'primary', 'postgres', 'born', 'Event types'),
  ('governance_object_ownership', 'GRP-GOVERNANCE', 'governed', 'BIRTH_OPTIONAL', 'primary', 'postgres', 'born', NULL),
  ('governance_responsibility_scope', NULL, 'governed', 'BIRTH_OPTIONAL', 'primary', 'postgres', 'born', NULL),
  ('label_rules', '', 'governed', NULL, 'primary', 'directus', 'born', 'Rules that assign labels');

-- The application's own collections: locked. A few carry the coverage of governed ones, which must not count.
INSERT INTO collection_registry (
  collection_name, "group", governance_role, coverage_status, storage_role, source_kind, migration_state
)
SELECT
  l.collection_name,
  CASE WHEN l.n % 2 = 0 THEN 'GRP-SYSTEM' END,
  'locked',
  CASE WHEN l.n % 7 = 0 THEN 'BIRTH_REQUIRED' ELSE 'BIRTH_EXEMPT' END,
  'system',
  'directus',
  'born'
FROM unnest(ARRAY[
  'directus_access', 'directus_activity', 'directus_collections', 'directus_comments', 'directus_dashboards',
  'directus_extensions', 'directus_fields', 'directus_files', 'directus_flows', 'directus_folders', 'directus_migrations',
  'directus_notifications', 'directus_operations', 'directus_panels', 'directus_permissions', 'directus_policies',
  'directus_presets', 'directus_relations', 'directus_revisions', 'directus_roles', 'directus_sessions',
  'directus_settings', 'directus_shares', 'directus_translations', 'directus_users', 'directus_versions',
  'directus_webhooks', 'os_proposal_approvals'
]) WITH ORDINALITY AS l (collection_name, n);

-- Observed collections: watched, not governed. Some sit in the groups of governed ones.
INSERT INTO collection_registry (
  collection_name, "group", governance_role, coverage_status, storage_role, source_kind, migration_state
)
SELECT
  o.collection_name,
  (ARRAY['GRP-BUSINESS', 'GRP-AI', NULL, 'GRP-CONTENT', ''])[1 + o.n % 5],
  'observed',
  (ARRAY['BIRTH_OPTIONAL', 'BIRTH_REQUIRED', 'OBSERVED_ONLY', NULL])[1 + o.n % 4],
  CASE WHEN o.n % 9 = 0 THEN 'projection' ELSE 'primary' END,
  CASE WHEN o.n % 6 = 0 THEN 'postgres' ELSE 'directus' END,
  CASE WHEN o.n % 8 = 0 THEN 'unborn' ELSE 'born' END
FROM unnest(ARRAY[
  'activity_notes', 'agent_capabilities', 'agent_prompts', 'agent_runs', 'agent_sessions', 'alert_rules', 'announcements',
  'app_languages', 'articles', 'asset_links', 'block_library', 'calendar_events', 'campaigns', 'change_log', 'chat_messages',
  'chat_threads', 'comments', 'contact_requests', 'content_versions', 'customer_accounts', 'customer_contacts',
  'data_contracts', 'data_quality_checks', 'deployments', 'design_tokens', 'discussion_posts', 'document_chunks', 'documents',
  'embedding_jobs', 'faq_items', 'feature_flags', 'feedback', 'forms', 'form_submissions', 'glossary_terms', 'help_articles',
  'integration_endpoints', 'invoices', 'knowledge_documents', 'knowledge_links', 'locales', 'media_items', 'milestones',
  'module_versions', 'navigation', 'newsletters', 'page_blocks', 'page_templates', 'partners', 'products', 'projects',
  'releases', 'reports', 'runbooks', 'search_queries', 'service_levels', 'support_tickets', 'task_comments',
  'task_dependencies', 'teams', 'translations', 'vendors'
]) WITH ORDINALITY AS o (collection_name, n);

-- Excluded collections: scratch space, copies and views that nobody answers for.
INSERT INTO collection_registry (
  collection_name, "group", governance_role, coverage_status, storage_role, source_kind, migration_state
)
SELECT
  e.collection_name,
  CASE WHEN e.n % 3 = 0 THEN 'GRP-ARCHIVE' END,
  'excluded',
  CASE WHEN e.n % 10 = 0 THEN 'BIRTH_REQUIRED' ELSE 'EXCLUDED' END,
  CASE WHEN e.n % 2 = 0 THEN 'scratch' ELSE 'projection' END,
  'postgres',
  CASE WHEN e.n % 4 = 0 THEN 'retired' ELSE 'unborn' END
FROM unnest(ARRAY[
  'archive_agents', 'archive_articles', 'archive_documents', 'archive_events', 'archive_issues', 'archive_labels',
  'archive_modules', 'archive_pages', 'archive_tasks', 'archive_workflows', 'backup_collections', 'backup_labels',
  'backup_settings', 'backup_taxonomy', 'cache_pages', 'cache_search', 'cache_views', 'import_batches', 'import_errors',
  'import_rows', 'legacy_categories', 'legacy_customers', 'legacy_orders', 'legacy_pages', 'legacy_tags', 'migration_notes',
  'scratch_imports', 'scratch_joins', 'scratch_reports', 'test_agents', 'test_documents', 'test_events', 'test_tasks',
  'tmp_backfill', 'tmp_dedupe', 'tmp_sync'
]) WITH ORDINALITY AS e (collection_name, n);
