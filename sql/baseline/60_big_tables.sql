-- The four big tables. Rows first, keys and indexes after: that is what keeps production size under a minute.
-- one_roof.scale sets their size; labels in use and the newest label of each rule are the same at every scale.
SET LOCAL search_path TO public, pg_temp;
SET LOCAL maintenance_work_mem = '256MB';

-- How many rows a table gets that has `full_size` rows in production: never so few that a label or a rule is left out.
CREATE FUNCTION pg_temp.rows_at_scale(full_size integer) RETURNS integer
LANGUAGE sql STABLE AS $function$
  SELECT greatest(100, round(full_size * s.scale))::integer
  FROM (SELECT COALESCE(NULLIF(current_setting('one_roof.scale', true), ''), '0.001')::numeric AS scale) AS s
$function$;

-- Labels of entities, assigned by rules or by hand. assigned_at is UTC. No index but the key.
CREATE TABLE entity_labels (
  id serial,
  entity_type varchar(255) NOT NULL,
  entity_code varchar(255) NOT NULL,
  label_code varchar(64) NOT NULL,
  rule_id integer,
  assigned_by varchar(64) NOT NULL,
  assigned_at timestamp without time zone NOT NULL
);

-- Rules and handwork take turns, oldest row first. The newest labels of agents, modules and tasks are 75, 66 and 65 days old;
-- the two rules of workflows have never been applied.
WITH size AS (
  SELECT pg_temp.rows_at_scale(820000) AS total
),
source AS (
  SELECT
    (row_number() OVER (ORDER BY r.id NULLS LAST) - 1)::integer AS turn,
    (count(*) OVER ())::integer AS turns,
    r.id AS rule_id,
    r.collection,
    r.label_code,
    (now() AT TIME ZONE 'UTC')::date + time '09:00' - r.age_days * interval '1 day' AS newest
  FROM (
    SELECT
      id,
      condition ->> 'collection' AS collection,
      label_code,
      CASE condition ->> 'collection'
        WHEN 'agents' THEN 75
        WHEN 'modules' THEN 66
        WHEN 'tasks' THEN 65
        ELSE 3 + id
      END AS age_days
    FROM label_rules
    WHERE condition ->> 'collection' <> 'workflows'
    UNION ALL
    SELECT NULL, 'documents', 'LBL-002', 10
  ) AS r
)
INSERT INTO entity_labels (entity_type, entity_code, label_code, rule_id, assigned_by, assigned_at)
SELECT
  s.collection,
  s.collection || '-' || n / s.turns,
  s.label_code,
  s.rule_id,
  CASE WHEN s.rule_id IS NULL THEN 'human' ELSE 'rule' END,
  s.newest - ((z.total - 1 - s.turn) / s.turns - n / s.turns) * interval '7 minutes'
FROM size AS z
CROSS JOIN LATERAL generate_series(0, z.total - 1) AS n
JOIN source AS s ON s.turn = n % s.turns
ORDER BY n;

ALTER TABLE entity_labels
  ADD PRIMARY KEY (id),
  ADD FOREIGN KEY (rule_id) REFERENCES label_rules (id);

-- Births of entities.
CREATE TABLE birth_registry (
  id serial,
  entity_code varchar(255) NOT NULL,
  collection_name varchar(255) NOT NULL,
  species_code varchar(64),
  certified boolean NOT NULL DEFAULT false,
  status varchar(32) NOT NULL DEFAULT 'born',
  born_at timestamptz NOT NULL DEFAULT now()
);

WITH size AS (
  SELECT pg_temp.rows_at_scale(1120000) AS total
),
collections AS (
  SELECT array_agg(collection_name::text ORDER BY id) AS names
  FROM collection_registry
  WHERE governance_role IN ('governed', 'observed')
)
INSERT INTO birth_registry (entity_code, collection_name, species_code, certified, born_at)
SELECT
  'ENT-' || n,
  c.names[1 + n % cardinality(c.names)],
  'SPE-' || 1 + n % 40,
  n % 5 <> 0,
  now() - (z.total - n) * interval '20 seconds'
FROM size AS z
CROSS JOIN collections AS c
CROSS JOIN LATERAL generate_series(1, z.total) AS n;

ALTER TABLE birth_registry
  ADD PRIMARY KEY (id),
  ADD UNIQUE (entity_code);

-- Events waiting to be delivered; none of the governance domain.
CREATE TABLE event_outbox (
  id bigserial,
  event_domain varchar(64) NOT NULL,
  event_type varchar(128) NOT NULL,
  event_stream varchar(64) NOT NULL,
  delivery_lane varchar(64) NOT NULL,
  canonical_address varchar(255),
  payload jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  delivered_at timestamptz
);

-- Only active types, with their own stream and lane: each row would pass the trigger that comes afterwards.
WITH size AS (
  SELECT pg_temp.rows_at_scale(191904) AS total
),
types AS (
  SELECT
    (row_number() OVER (ORDER BY id) - 1)::integer AS turn,
    (count(*) OVER ())::integer AS turns,
    event_domain,
    event_type,
    event_stream,
    delivery_lane
  FROM event_type_registry
  WHERE active
)
INSERT INTO event_outbox (event_domain, event_type, event_stream, delivery_lane, canonical_address, payload, created_at)
SELECT
  t.event_domain,
  t.event_type,
  t.event_stream,
  t.delivery_lane,
  t.event_domain || '/' || n,
  jsonb_build_object('sequence', n),
  now() - (z.total - n) * interval '1 minute'
FROM size AS z
CROSS JOIN LATERAL generate_series(1, z.total) AS n
JOIN types AS t ON t.turn = n % t.turns
ORDER BY n;

ALTER TABLE event_outbox
  ADD PRIMARY KEY (id);

-- Serves the counts by domain.
CREATE INDEX ix_event_outbox_type ON event_outbox (event_domain, event_type);

-- Issues found by the application itself. It grows by the hour.
CREATE TABLE system_issues (
  id serial,
  code varchar(64) NOT NULL,
  title varchar(255) NOT NULL,
  issue_type varchar(64) NOT NULL DEFAULT 'unclassified',
  severity varchar(32) NOT NULL DEFAULT 'info',
  status varchar(32) NOT NULL DEFAULT 'open',
  source_system varchar(64) NOT NULL DEFAULT 'application',
  entity_code varchar(255),
  fingerprint varchar(64),
  occurrence_count integer NOT NULL DEFAULT 1,
  resolution text,
  date_created timestamptz NOT NULL DEFAULT now(),
  date_updated timestamptz,
  resolved_at timestamptz
);

WITH size AS (
  SELECT pg_temp.rows_at_scale(203500) AS total
)
INSERT INTO system_issues (
  code, title, issue_type, severity, status, source_system, entity_code, fingerprint, resolution, date_created, resolved_at
)
SELECT
  'ISS-' || lpad(n::text, 7, '0'),
  'Issue ' || n,
  (ARRAY['dot_failure', 'label_missing', 'orphan_entity', 'schema_drift'])[1 + n % 4],
  (ARRAY['info', 'info', 'warning', 'critical'])[1 + n % 4],
  CASE WHEN n % 10 = 0 THEN 'open' ELSE 'resolved' END,
  'scanner',
  'ENT-' || n,
  md5(n::text),
  CASE WHEN n % 10 <> 0 THEN 'Repaired by a tool' END,
  now() - (z.total - n) * interval '2 minutes',
  CASE WHEN n % 10 <> 0 THEN now() - (z.total - n) * interval '1 minute' END
FROM size AS z
CROSS JOIN LATERAL generate_series(1, z.total) AS n;

ALTER TABLE system_issues
  ADD PRIMARY KEY (id),
  ADD UNIQUE (code),
  ADD CHECK (severity IN ('info', 'warning', 'critical')),
  ADD CHECK (status IN ('open', 'resolved', 'archived'));

-- Serves the search for an issue that is already known.
CREATE INDEX ix_system_issues_fingerprint ON system_issues (fingerprint);

DROP FUNCTION pg_temp.rows_at_scale(integer);
