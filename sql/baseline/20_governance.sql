-- Agencies, their laws, responsibility scopes and the (empty) ownership store.
SET LOCAL search_path TO public, pg_temp;

-- Agencies: who can be accountable for an object.
CREATE TABLE governance_registry (
  code varchar(255) PRIMARY KEY,
  name varchar(255) NOT NULL,
  agency_kind varchar(64) NOT NULL CHECK (agency_kind IN ('council', 'ministry', 'system', 'operator')),
  status varchar(32) NOT NULL DEFAULT 'active',
  description text,
  date_created timestamptz
);

INSERT INTO governance_registry (code, name, agency_kind, description, date_created)
SELECT
  a.code,
  a.name,
  a.agency_kind,
  a.description,
  now() - interval '400 days'
FROM (
  VALUES
    ('GOV-COUNCIL', 'Governance Council', 'council', 'Votes on approval requests and answers for the rules'),
    ('GOV-DOT', 'Domain Operation Tools', 'operator', 'Runs tools, workflows and agents'),
    ('GOV-KG-SYS', 'Knowledge Graph System', 'system', 'Keeps registries, taxonomy and catalogue'),
    ('GOV-MOIT', 'Ministry of Industry and Tasks', 'ministry', 'Answers for business modules and tasks'),
    ('GOV-MOT', 'Ministry of Trust', 'ministry', 'Watches over provenance and evidence'),
    ('GOV-MOUT', 'Ministry of User Touchpoints', 'ministry', 'Answers for pages and rendering'),
    ('GOV-MOW', 'Ministry of Works', 'ministry', 'Answers for infrastructure'),
    ('GOV-NRM-SYS', 'Normative System', 'system', 'Keeps laws and norms'),
    ('GOV-SIV', 'Supervision and Verification', 'operator', 'Measures health and verifies')
) AS a (code, name, agency_kind, description);

-- Edges from agencies to the laws they carry out.
CREATE TABLE governance_relations (
  id serial PRIMARY KEY,
  source_code varchar(255) NOT NULL REFERENCES governance_registry (code),
  relation_type varchar(64) NOT NULL,
  law_code varchar(64) NOT NULL,
  status varchar(32) NOT NULL DEFAULT 'active',
  UNIQUE (source_code, relation_type, law_code)
);

INSERT INTO governance_relations (source_code, relation_type, law_code)
VALUES
  ('GOV-COUNCIL', 'enacts', 'LAW-001'),
  ('GOV-DOT', 'enforces', 'LAW-035'),
  ('GOV-KG-SYS', 'enforces', 'LAW-036'),
  ('GOV-MOIT', 'enforces', 'LAW-030'),
  ('GOV-MOT', 'enforces', 'LAW-031'),
  ('GOV-MOUT', 'enforces', 'LAW-033'),
  ('GOV-NRM-SYS', 'maintains', 'LAW-038'),
  ('GOV-SIV', 'audits', 'LAW-022');

-- Responsibility scopes: in what respect somebody answers for an object.
CREATE TABLE governance_responsibility_scope (
  scope_code varchar(64) PRIMARY KEY,
  default_owner_hint varchar(255) REFERENCES governance_registry (code),
  status varchar(32) NOT NULL DEFAULT 'active',
  description text
);

INSERT INTO governance_responsibility_scope (scope_code, default_owner_hint, description)
VALUES
  ('approval', 'GOV-COUNCIL', 'Decides on changes'),
  ('audit', 'GOV-MOT', 'Keeps the trail'),
  ('execution', 'GOV-DOT', 'Carries changes out'),
  ('health', 'GOV-SIV', 'Watches that it works'),
  ('policy', 'GOV-COUNCIL', 'Sets the rules'),
  ('render', 'GOV-MOUT', 'Shows it to people');

-- The ownership store: which agency answers for which object in which scope. Empty until the rollout seeds it.
CREATE TABLE governance_object_ownership (
  id bigserial PRIMARY KEY,
  object_type text NOT NULL,
  object_ref text NOT NULL,
  scope varchar(64) NOT NULL REFERENCES governance_responsibility_scope (scope_code),
  owner_kind text NOT NULL CHECK (owner_kind IN ('accountable', 'supporting', 'delegated', 'exception')),
  owner_gov_code varchar(255) NOT NULL REFERENCES governance_registry (code),
  is_inherited_anchor boolean DEFAULT false,
  effective_from timestamptz,
  effective_to timestamptz,
  lifecycle_status text DEFAULT 'active' CHECK (lifecycle_status IN ('active', 'superseded', 'revoked', 'expired')),
  approval_ref text,
  audit_ref text,
  rollback_ref text,
  source_law_ref text,
  source_design_ref text,
  supersedes_id bigint REFERENCES governance_object_ownership (id),
  created_at timestamptz,
  created_by text,
  updated_at timestamptz,
  updated_by text,
  CONSTRAINT chk_delegated_ttl CHECK (owner_kind <> 'delegated' OR effective_to IS NOT NULL)
);

-- At most one agency is accountable for an object in a scope at a time.
CREATE UNIQUE INDEX uq_gov_obj_accountable ON governance_object_ownership (object_type, object_ref, scope)
WHERE owner_kind = 'accountable' AND lifecycle_status = 'active';

-- Serves the resolution of effective owners.
CREATE INDEX ix_gov_obj_resolve ON governance_object_ownership (object_type, object_ref);
