-- The vocabulary of labels, and the rules that assign them.
SET LOCAL search_path TO public, pg_temp;

-- Facets: the independent respects in which a label classifies.
CREATE TABLE taxonomy_facets (
  id integer PRIMARY KEY,
  code varchar(64) NOT NULL UNIQUE,
  name varchar(255) NOT NULL,
  status varchar(32) NOT NULL DEFAULT 'active'
);

INSERT INTO taxonomy_facets (id, code, name)
VALUES
  (1, 'domain', 'Domain'),
  (2, 'entity-kind', 'Kind of entity'),
  (3, 'lifecycle', 'Lifecycle'),
  (4, 'process', 'Process'),
  (5, 'sensitivity', 'Sensitivity'),
  (6, 'audience', 'Audience'),
  (7, 'origin', 'Origin'),
  (8, 'quality', 'Quality'),
  (9, 'cadence', 'Cadence'),
  (10, 'region', 'Region');

-- Labels: 58 of them, all but LBL-904 active.
CREATE TABLE taxonomy (
  id serial PRIMARY KEY,
  code varchar(64) NOT NULL UNIQUE,
  facet_id integer NOT NULL REFERENCES taxonomy_facets (id),
  name varchar(255) NOT NULL,
  status varchar(32) NOT NULL DEFAULT 'active',
  description text
);

INSERT INTO taxonomy (code, facet_id, name, status)
SELECT
  'LBL-' || n.code,
  f.facet_id,
  f.facet || ' ' || n.code,
  CASE n.code WHEN '904' THEN 'deprecated' ELSE 'active' END
FROM (
  VALUES
    (1, 'domain', '{001,002,003,004,005,006,007,008,009,014,061}'::text[]),
    (2, 'kind', '{101,102,103,104,105,106,107,108}'),
    (3, 'lifecycle', '{201,202,203,204,205,206}'),
    (4, 'process', '{301,302,303,304,305,306}'),
    (5, 'sensitivity', '{401,402,403,404,405}'),
    (6, 'audience', '{501,502,503,504,505}'),
    (7, 'origin', '{601,602,603,604,605}'),
    (8, 'quality', '{701,702,703,704}'),
    (9, 'cadence', '{801,802,803,804}'),
    (10, 'region', '{901,902,903,904}')
) AS f (facet_id, facet, codes)
CROSS JOIN LATERAL unnest(f.codes) AS n (code)
ORDER BY n.code;

-- Label rules: which label the entities of a collection receive.
CREATE TABLE label_rules (
  id serial PRIMARY KEY,
  name varchar(255) NOT NULL,
  rule_type varchar(64) NOT NULL DEFAULT 'collection',
  condition jsonb NOT NULL,
  label_code varchar(64) NOT NULL REFERENCES taxonomy (code),
  priority integer NOT NULL DEFAULT 100,
  status varchar(32) NOT NULL DEFAULT 'active',
  date_created timestamptz
);

-- The first five rules meet topics of the rollout; the others serve collections without a topic.
INSERT INTO label_rules (name, condition, label_code, date_created)
SELECT
  r.collection || ' to ' || r.label_code,
  jsonb_build_object('collection', r.collection),
  r.label_code,
  now() - interval '300 days'
FROM unnest(ARRAY[
  'agents LBL-104', 'tasks LBL-102', 'modules LBL-101', 'workflows LBL-103', 'workflows LBL-304',
  'approval_requests LBL-001', 'approval_requests LBL-301', 'apr_approvals LBL-301', 'articles LBL-501',
  'checkpoint_sets LBL-302', 'customer_accounts LBL-401', 'documents LBL-002', 'documents LBL-601', 'dot_domain_rules LBL-303',
  'dot_tools LBL-004', 'dot_tools LBL-302', 'entity_species LBL-002', 'faq_items LBL-501', 'form_submissions LBL-402',
  'invoices LBL-401', 'knowledge_documents LBL-006', 'knowledge_documents LBL-601', 'law_catalog LBL-001',
  'law_jurisdiction LBL-201', 'measurement_registry LBL-014', 'meta_catalog LBL-002', 'normative_registry LBL-001',
  'normative_registry LBL-202', 'pivot_definitions LBL-061', 'products LBL-502', 'reports LBL-801', 'runbooks LBL-303',
  'support_tickets LBL-402', 'system_issues LBL-014', 'system_issues LBL-701', 'table_registry LBL-203', 'translations LBL-602',
  'ui_pages LBL-502'
]) WITH ORDINALITY AS p (pair, n)
CROSS JOIN LATERAL (
  SELECT split_part(p.pair, ' ', 1) AS collection, split_part(p.pair, ' ', 2) AS label_code
) AS r
ORDER BY p.n;
