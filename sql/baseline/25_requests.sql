-- Approval requests with the council's votes, the human gate, and the tool catalogue.
SET LOCAL search_path TO public, pg_temp;

-- What an approval request can be about.
CREATE TABLE apr_request_types (
  code varchar(64) PRIMARY KEY,
  name varchar(255) NOT NULL
);

INSERT INTO apr_request_types (code, name)
VALUES
  ('law_change', 'Change of a law'),
  ('rollout', 'Rollout to production'),
  ('schema_change', 'Change of a schema'),
  ('tool_change', 'Change of a tool'),
  ('vocabulary_change', 'Change of the vocabulary');

-- What an approved request allows to be done.
CREATE TABLE apr_action_types (
  code varchar(64) PRIMARY KEY,
  name varchar(255) NOT NULL
);

INSERT INTO apr_action_types (code, name)
VALUES
  ('create', 'Create'),
  ('retire', 'Retire'),
  ('update', 'Update');

-- Approval requests. APR-0211 is the ratified one that allows the rollout.
CREATE TABLE approval_requests (
  id serial PRIMARY KEY,
  code varchar(64) NOT NULL UNIQUE,
  title varchar(255) NOT NULL,
  request_type varchar(64) NOT NULL REFERENCES apr_request_types (code),
  action_type varchar(64) NOT NULL REFERENCES apr_action_types (code),
  status varchar(32) NOT NULL CHECK (status IN ('pending', 'approved', 'rejected', 'applied', 'withdrawn')),
  requested_by varchar(255) NOT NULL,
  proposal jsonb,
  date_created timestamptz,
  date_decided timestamptz
);

INSERT INTO approval_requests (
  code, title, request_type, action_type, status, requested_by, proposal, date_created, date_decided
)
SELECT
  r.code,
  CASE WHEN r.n = 211 THEN 'One-Roof production rollout' ELSE 'Request ' || r.n END,
  CASE WHEN r.n = 211 THEN 'rollout' ELSE r.request_type END,
  r.action_type,
  r.status,
  'platform-team',
  jsonb_build_object('request', r.n),
  r.date_created,
  CASE WHEN r.status <> 'pending' THEN r.date_created + interval '20 hours' END
FROM (
  SELECT
    n,
    'APR-' || lpad(n::text, 4, '0') AS code,
    (ARRAY['law_change', 'schema_change', 'tool_change', 'vocabulary_change'])[1 + n % 4] AS request_type,
    (ARRAY['create', 'update', 'retire'])[1 + n % 3] AS action_type,
    CASE
      WHEN n = 211 THEN 'approved'
      WHEN n = 210 THEN 'pending'
      WHEN n = 209 THEN 'rejected'
      WHEN n % 20 = 0 THEN 'rejected'
      WHEN n % 20 = 1 THEN 'withdrawn'
      WHEN n % 20 BETWEEN 2 AND 5 THEN 'approved'
      ELSE 'applied'
    END AS status,
    now() - (213 - n) * interval '1 day' AS date_created
  FROM generate_series(1, 211) AS n
) AS r
ORDER BY r.n;

-- Votes of the council: two on each of the 21 requests decided last.
CREATE TABLE apr_approvals (
  id serial PRIMARY KEY,
  request_code varchar(64) NOT NULL REFERENCES approval_requests (code),
  voter varchar(255) NOT NULL,
  decision varchar(32) NOT NULL CHECK (decision IN ('approve', 'reject')),
  comment text,
  date_created timestamptz,
  UNIQUE (request_code, voter)
);

INSERT INTO apr_approvals (request_code, voter, decision, date_created)
SELECT
  d.code,
  v.voter,
  CASE d.status WHEN 'rejected' THEN 'reject' ELSE 'approve' END,
  d.date_decided
FROM (
  SELECT code, status, date_decided
  FROM approval_requests
  WHERE status IN ('approved', 'rejected')
  ORDER BY code DESC
  LIMIT 21
) AS d
CROSS JOIN (VALUES ('council-member-1'), ('council-member-2')) AS v (voter)
ORDER BY d.code, v.voter;

-- The gate: a person's signature under a proposal. Only people insert here; empty until somebody signs.
CREATE TABLE os_proposal_approvals (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  status varchar(255) NOT NULL DEFAULT 'draft',
  sort integer,
  user_created uuid,
  date_created timestamptz,
  user_updated uuid,
  date_updated timestamptz,
  proposal_code varchar(255),
  proposal_title varchar(255),
  request_code varchar(64),
  decision varchar(64),
  rationale text,
  signer_name varchar(255),
  signer_role varchar(255),
  signed_at timestamptz,
  signature_method varchar(64),
  signature_digest varchar(255),
  document_url varchar(255),
  expires_at timestamptz
);

-- sign.sql recognises the fixture by this comment, and refuses to sign anywhere else.
COMMENT ON TABLE os_proposal_approvals IS 'Human approvals (One-Roof baseline fixture)';

-- The catalogue of operation tools.
CREATE TABLE dot_tools (
  id serial PRIMARY KEY,
  code varchar(64) NOT NULL UNIQUE,
  name varchar(255) NOT NULL,
  category varchar(64) NOT NULL,
  owner_gov_code varchar(255) REFERENCES governance_registry (code),
  status varchar(32) NOT NULL DEFAULT 'active',
  date_created timestamptz
);

INSERT INTO dot_tools (code, name, category, owner_gov_code, status, date_created)
SELECT
  'DOT-' || lpad(n::text, 3, '0'),
  (ARRAY['check', 'repair', 'report', 'scan', 'sync', 'verify'])[1 + n % 6] || ' tool ' || n,
  (ARRAY['birth', 'health', 'label', 'law', 'registry', 'workflow'])[1 + n % 6],
  'GOV-DOT',
  CASE WHEN n % 31 = 0 THEN 'retired' ELSE 'active' END,
  now() - (320 - n) * interval '1 day'
FROM generate_series(1, 309) AS n;
