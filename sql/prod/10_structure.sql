-- Tier 1: structure.
--
-- Creates 11 tables, 31 views and 1 function, all inert: no row is written, no view returns a row, and nothing
-- of the application is altered. All 43 present and run again changes nothing; a part of the 43 is refused.
-- The views yield rows only once axis_registry has a row (Tier 2).
--
-- Settings: one_roof.database, one_roof.lock_timeout, one_roof.statement_timeout, one_roof.reader_roles.
-- Rollback: sql/prod_rollback/99_rollback_full.sql.

BEGIN;

-- ---------------------------------------------------------------------------------------------------------------
-- Ground: names resolve in public only, hidden rows are an error, waits are bounded, one rollout runs at a time.
-- ---------------------------------------------------------------------------------------------------------------
DO $ground$
DECLARE
  holder text;
BEGIN
  PERFORM set_config('search_path', 'public, pg_temp', true);
  PERFORM set_config('row_security', 'off', true);
  PERFORM set_config('lock_timeout', coalesce(nullif(current_setting('one_roof.lock_timeout', true), ''), '500ms'), true);
  PERFORM set_config('statement_timeout', coalesce(nullif(current_setting('one_roof.statement_timeout', true), ''), '30s'), true);

  IF NOT pg_try_advisory_xact_lock(1330795077, 1) THEN
    SELECT format('pid %s, user %s, application %s, %s since %s',
                  lock.pid, session.usename, session.application_name, session.state, session.query_start)
      INTO holder
      FROM pg_locks AS lock
      LEFT JOIN pg_stat_activity AS session ON session.pid = lock.pid
     WHERE lock.locktype = 'advisory' AND lock.granted
       AND lock.classid = 1330795077 AND lock.objid = 1 AND lock.objsubid = 2
       AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database());
    RAISE EXCEPTION 'Tier 1 (structure): another session holds the rollout lock: %', coalesce(holder, 'it has just ended')
      USING ERRCODE = 'OR003', HINT = 'Nothing was changed. Wait until that session has ended, then run this file again.';
  END IF;
END
$ground$;

-- ---------------------------------------------------------------------------------------------------------------
-- Entry gates: each is measured and reported, then one exception names all that failed. What cannot be measured fails.
-- ---------------------------------------------------------------------------------------------------------------
DO $entry$
DECLARE
  tier     CONSTANT text := 'Tier 1 (structure)';
  section  CONSTANT text := 'entry';
  advice   CONSTANT text := 'Nothing was changed. Put right what is listed, then run Tier 1 again. A part of the 43 objects is removed by sql/prod_rollback/99_rollback_full.sql.';
  gate     record;
  measured text;
  readings text[] := '{}';
  failed   text[] := '{}';
  reasons  text[] := '{}';
  details  text[] := '{}';
BEGIN
  FOR gate IN
    SELECT *
    FROM (VALUES
      ('database', '=', coalesce(nullif(current_setting('one_roof.database', true), ''), 'directus'),
        $q$ SELECT current_database() $q$),
      ('ospa', '>=', '1',
        $q$ SELECT count(*) FROM os_proposal_approvals $q$),
      ('prerequisite_views', '=', '5',
        $q$ SELECT count(*) FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'v' AND relname = ANY (ARRAY[
              'v_governance_object_inventory', 'v_governance_object_containment', 'v_object_effective_owner',
              'v_object_owner_gap', 'v_object_owner_conflict']) $q$),
      ('axis_objects', 'in', '0,43',
        $q$ SELECT count(DISTINCT name)
            FROM (SELECT relname AS name FROM pg_class
                  WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('i', 'I', 'S', 't')
                  UNION ALL
                  SELECT proname FROM pg_proc
                  WHERE pronamespace = 'public'::regnamespace AND proname = 'fn_governance_scan') AS present
            WHERE name = ANY (ARRAY[
              'axis_registry', 'axis_value', 'axis_assignment', 'coverage_rule', 'axis_object_ownership',
              'axis_candidate_finding', 'topic_taxonomy_map', 'topic_label_reconcile_decision', 'governance_scan_run',
              'governance_drift_state', 'governance_event_log',
              'v_axis_required_cell', 'v_axis_effective_owner', 'v_axis_coverage_gap', 'v_axis_assignment_quality',
              'v_axis_registry_coverage', 'v_axis_missing_assignment', 'v_axis_coverage_summary', 'v_axis_issue_payload',
              'v_axis_topic_parentage_conflict',
              'v_reconcile_label_orphan', 'v_reconcile_topic_without_label', 'v_reconcile_label_without_topic',
              'v_reconcile_collection_topic_vs_label', 'v_reconcile_topic_projection_gap', 'v_reconcile_summary',
              'v_drift_finding', 'v_drift_summary', 'v_drift_stale_candidate_value', 'v_drift_unregistered_axis',
              'v_drift_ui_visible_unapproved', 'v_drift_coverage_rule_missing',
              'v_projection_lag_timing', 'v_drift_event_map', 'v_drift_issue_payload',
              'v_ui_topic_tree', 'v_ui_object_topic', 'v_ui_axis_browser', 'v_ui_lane', 'v_ui_detector_findings',
              'v_ui_review_queue', 'v_ui_coverage_dashboard',
              'fn_governance_scan']) $q$)
    ) AS gates (name, operator, expected, query)
  LOOP
    BEGIN
      EXECUTE gate.query INTO measured;
    EXCEPTION WHEN undefined_table OR undefined_column OR undefined_function OR undefined_object
                OR insufficient_privilege OR invalid_schema_name THEN
      measured := NULL;
    END;
    RAISE NOTICE 'gate % %: expected % %, measured %',
      section, gate.name, gate.operator, gate.expected, coalesce(measured, 'NULL')
      USING ERRCODE = 'OR000', SCHEMA = 'one_roof', TABLE = section, CONSTRAINT = gate.name,
            COLUMN = gate.operator || ' ' || gate.expected, DATATYPE = coalesce(measured, 'NULL');
    readings := readings || format('%s %s', gate.name, coalesce(measured, 'NULL'));
    IF (CASE gate.operator
          WHEN '=' THEN measured = gate.expected
          WHEN '>=' THEN measured::numeric >= gate.expected::numeric
          WHEN 'in' THEN measured = ANY (string_to_array(gate.expected, ','))
        END) IS NOT TRUE THEN
      failed := failed || gate.name;
      reasons := reasons || format('%s expected %s %s, measured %s',
        gate.name, gate.operator, gate.expected, coalesce(measured, 'NULL'));
      details := details || format('%s: want %s %s, have %s',
        gate.name, gate.operator, gate.expected, coalesce(measured, 'NULL'));
    END IF;
  END LOOP;
  PERFORM set_config('one_roof.measured', array_to_string(readings, ', '), true);
  IF cardinality(failed) > 0 THEN
    RAISE EXCEPTION '% %: % of % stop gates failed: %',
      tier, section, cardinality(failed), cardinality(readings), array_to_string(reasons, '; ')
      USING ERRCODE = 'OR001', SCHEMA = 'one_roof', TABLE = section, CONSTRAINT = array_to_string(failed, ','),
            DETAIL = array_to_string(details, E'\n'), HINT = advice;
  END IF;
END
$entry$;

-- On a second run everything exists already; that is no news; the exit gates speak at the level the caller chose.
DO $quiet$
BEGIN
  PERFORM set_config('one_roof.messages', current_setting('client_min_messages'), true);
  SET LOCAL client_min_messages = warning;
END
$quiet$;

-- ---------------------------------------------------------------------------------------------------------------
-- Tables (11). CREATE … IF NOT EXISTS throughout, so that a second run changes nothing.
-- ---------------------------------------------------------------------------------------------------------------

-- 1. The axes themselves.
CREATE TABLE IF NOT EXISTS axis_registry (
  axis_code        text        NOT NULL,
  axis_name        text        NOT NULL,
  axis_family      text        NOT NULL,
  axis_kind        text        NOT NULL,
  value_domain     text,
  owner_scope_ref  text,
  status           text        NOT NULL DEFAULT 'candidate',
  lifecycle_status text        NOT NULL DEFAULT 'register',
  created_at       timestamptz NOT NULL DEFAULT now(),
  created_by       text,
  CONSTRAINT axis_registry_pkey PRIMARY KEY (axis_code),
  CONSTRAINT chk_axis_registry_family CHECK (axis_family IN ('structural', 'label', 'semantic', 'pivot', 'system')),
  CONSTRAINT chk_axis_registry_kind CHECK (axis_kind IN ('deterministic', 'uncertain', 'system')),
  CONSTRAINT chk_axis_registry_status CHECK (status IN ('candidate', 'active', 'deprecated', 'retired')),
  CONSTRAINT chk_axis_registry_lifecycle CHECK (lifecycle_status IN ('birth', 'register', 'active', 'deprecate', 'retire'))
);
COMMENT ON TABLE axis_registry IS
  'One row per axis: a dimension along which objects are classified or owned (responsibility, containment, topic).';

-- 2. The values of an axis; a value may have a parent on the same axis.
CREATE TABLE IF NOT EXISTS axis_value (
  axis_code         text        NOT NULL,
  value_code        text        NOT NULL,
  parent_value_code text,
  status            text        NOT NULL DEFAULT 'candidate',
  provenance        jsonb       NOT NULL DEFAULT '{}',
  created_at        timestamptz NOT NULL DEFAULT now(),
  tag               text,
  CONSTRAINT axis_value_pkey PRIMARY KEY (axis_code, value_code),
  CONSTRAINT axis_value_axis_fkey FOREIGN KEY (axis_code) REFERENCES axis_registry (axis_code),
  CONSTRAINT axis_value_parent_fkey FOREIGN KEY (axis_code, parent_value_code) REFERENCES axis_value (axis_code, value_code),
  CONSTRAINT chk_axis_value_not_own_parent CHECK (parent_value_code <> value_code),
  CONSTRAINT chk_axis_value_status CHECK (status IN ('candidate', 'active', 'deprecated', 'retired')),
  CONSTRAINT chk_axis_value_designated_by CHECK (provenance ->> 'designated_by' IN ('human', 'agent')),
  CONSTRAINT chk_axis_value_provenance_kind
    CHECK (provenance ->> 'kind' IN ('human_designated', 'ai_proposed', 'kg_provisional', 'kg_ratified'))
);
COMMENT ON TABLE axis_value IS 'One row per value of an axis; parent_value_code is a value of the same axis.';
COMMENT ON COLUMN axis_value.provenance IS
  'designated_by (human, agent), kind (human_designated, ai_proposed, kg_provisional, kg_ratified), and where '
  'they apply prior_kind, ratified_by, approval_ref, merged_into, op.';

-- 3. Object ↔ value.
CREATE TABLE IF NOT EXISTS axis_assignment (
  id            bigint      GENERATED BY DEFAULT AS IDENTITY,
  object_type   text        NOT NULL,
  object_ref    text        NOT NULL,
  axis_code     text        NOT NULL,
  value_code    text        NOT NULL,
  zone          text        NOT NULL,
  match_score   numeric,
  confidence    numeric,
  provenance    jsonb,
  evidence      jsonb,
  assigned_kind text        NOT NULL,
  assigned_at   timestamptz NOT NULL DEFAULT now(),
  valid_from    timestamptz,
  valid_to      timestamptz,
  revision      integer     NOT NULL DEFAULT 1,
  superseded_by bigint,
  status        text        NOT NULL DEFAULT 'active',
  tag           text,
  CONSTRAINT axis_assignment_pkey PRIMARY KEY (id),
  CONSTRAINT axis_assignment_value_fkey FOREIGN KEY (axis_code, value_code) REFERENCES axis_value (axis_code, value_code),
  CONSTRAINT axis_assignment_superseded_by_fkey FOREIGN KEY (superseded_by) REFERENCES axis_assignment (id),
  CONSTRAINT chk_axis_assignment_zone CHECK (zone IN ('approved', 'candidate', 'quarantine')),
  CONSTRAINT chk_axis_assignment_kind CHECK (assigned_kind IN ('dot', 'agent', 'human', 'rule')),
  CONSTRAINT chk_axis_assignment_status CHECK (status IN ('active', 'superseded', 'revoked', 'expired')),
  CONSTRAINT chk_axis_assignment_match_score CHECK (match_score BETWEEN 0 AND 1),
  CONSTRAINT chk_axis_assignment_confidence CHECK (confidence BETWEEN 0 AND 1),
  CONSTRAINT chk_provenance_or_quarantine CHECK (provenance IS NOT NULL OR zone = 'quarantine')
);
COMMENT ON TABLE axis_assignment IS
  'One row per statement that an object has a value on an axis. Active is status = active; without provenance '
  'only in zone quarantine.';

-- An object has a value once while active.
CREATE UNIQUE INDEX IF NOT EXISTS uq_axis_assignment_active
  ON axis_assignment (object_type, object_ref, axis_code, value_code) WHERE status = 'active';

-- Serves the foreign key to axis_value and the per-axis reads.
CREATE INDEX IF NOT EXISTS ix_axis_assignment_value ON axis_assignment (axis_code, value_code);

-- 4. What must be covered on an axis, and how well.
CREATE TABLE IF NOT EXISTS coverage_rule (
  rule_code            text    NOT NULL,
  axis_code            text    NOT NULL,
  applies_to           text    NOT NULL DEFAULT 'collection',
  coverage_mode        text    NOT NULL,
  confidence_threshold numeric,
  staleness_days       integer NOT NULL DEFAULT 0,
  required_owner_kind  text    NOT NULL DEFAULT 'accountable',
  status               text    NOT NULL DEFAULT 'active',
  tag                  text,
  CONSTRAINT coverage_rule_pkey PRIMARY KEY (rule_code),
  CONSTRAINT coverage_rule_axis_fkey FOREIGN KEY (axis_code) REFERENCES axis_registry (axis_code),
  CONSTRAINT chk_coverage_rule_mode CHECK (coverage_mode IN ('cross_product', 'per_assignment')),
  CONSTRAINT chk_coverage_rule_threshold CHECK (confidence_threshold BETWEEN 0 AND 1),
  CONSTRAINT chk_coverage_rule_staleness CHECK (staleness_days >= 0),
  CONSTRAINT chk_coverage_rule_owner_kind CHECK (required_owner_kind IN ('accountable', 'supporting', 'delegated', 'exception')),
  CONSTRAINT chk_coverage_rule_status CHECK (status IN ('candidate', 'active', 'deprecated', 'retired'))
);
COMMENT ON TABLE coverage_rule IS
  'One row per demand on an axis: cross_product (each object has each active value) or per_assignment (each '
  'object has at least one assignment, and each assignment an owner). applies_to is an object_type; '
  'staleness_days 0 means never stale.';

-- At most one active rule per axis and object type, so that every assignment has one threshold.
CREATE UNIQUE INDEX IF NOT EXISTS uq_coverage_rule_active ON coverage_rule (axis_code, applies_to) WHERE status = 'active';

-- 5. Owners on the axes other than responsibility.
-- Its foreign key to the agencies locks an application table until COMMIT and is therefore added last, below.
CREATE TABLE IF NOT EXISTS axis_object_ownership (
  id             bigint      GENERATED BY DEFAULT AS IDENTITY,
  object_type    text        NOT NULL,
  object_ref     text        NOT NULL,
  axis_code      text        NOT NULL,
  value_code     text        NOT NULL,
  owner_gov_code text        NOT NULL,
  owner_kind     text        NOT NULL,
  status         text        NOT NULL DEFAULT 'active',
  approval_ref   text,
  created_at     timestamptz NOT NULL DEFAULT now(),
  tag            text,
  CONSTRAINT axis_object_ownership_pkey PRIMARY KEY (id),
  CONSTRAINT axis_object_ownership_value_fkey FOREIGN KEY (axis_code, value_code) REFERENCES axis_value (axis_code, value_code),
  CONSTRAINT chk_axis_object_ownership_kind CHECK (owner_kind IN ('accountable', 'supporting', 'delegated', 'exception')),
  CONSTRAINT chk_axis_object_ownership_status CHECK (status IN ('active', 'superseded', 'revoked', 'expired'))
);
COMMENT ON TABLE axis_object_ownership IS
  'One row per owner of a cell (object, axis, value) on the axes other than responsibility. It exists so that '
  'governance_object_ownership is never altered.';

-- One active accountable owner per cell.
CREATE UNIQUE INDEX IF NOT EXISTS uq_axis_object_ownership_accountable
  ON axis_object_ownership (object_type, object_ref, axis_code, value_code)
  WHERE owner_kind = 'accountable' AND status = 'active';

-- Serves the foreign key to axis_value and the per-axis reads.
CREATE INDEX IF NOT EXISTS ix_axis_object_ownership_value ON axis_object_ownership (axis_code, value_code);

-- 6. Findings on single cells, refreshed by every scan.
CREATE TABLE IF NOT EXISTS axis_candidate_finding (
  finding_type text        NOT NULL,
  object_type  text        NOT NULL,
  object_ref   text        NOT NULL,
  axis_code    text        NOT NULL,
  value_code   text        NOT NULL DEFAULT '∅',
  severity     text        NOT NULL,
  scan_count   integer     NOT NULL DEFAULT 1,
  first_seen   timestamptz NOT NULL DEFAULT now(),
  last_seen    timestamptz NOT NULL DEFAULT now(),
  last_scan_id bigint,
  CONSTRAINT axis_candidate_finding_pkey PRIMARY KEY (finding_type, object_type, object_ref, axis_code, value_code),
  CONSTRAINT chk_axis_candidate_finding_type
    CHECK (finding_type IN ('missing_owner', 'low_confidence', 'stale_topic', 'quarantine', 'missing_assignment')),
  CONSTRAINT chk_axis_candidate_finding_severity CHECK (severity IN ('info', 'warning', 'critical'))
);
COMMENT ON TABLE axis_candidate_finding IS
  'One row per cell that the latest scan found wanting; a scan deletes what it no longer finds. A missing value'
  ' is ∅.';

-- 7. Topics in the words of the taxonomy.
CREATE TABLE IF NOT EXISTS topic_taxonomy_map (
  topic_value text        NOT NULL,
  label_code  text        NOT NULL,
  map_kind    text        NOT NULL DEFAULT 'inferred',
  created_at  timestamptz NOT NULL DEFAULT now(),
  tag         text,
  CONSTRAINT topic_taxonomy_map_pkey PRIMARY KEY (topic_value, label_code),
  CONSTRAINT chk_topic_taxonomy_map_kind CHECK (map_kind IN ('inferred', 'human', 'rule'))
);
COMMENT ON TABLE topic_taxonomy_map IS
  'One row per label (taxonomy.code) that a topic (axis_value of axis topic) corresponds to.';

-- 8. What was decided where topics and labels disagree, so that label_rules is never edited.
CREATE TABLE IF NOT EXISTS topic_label_reconcile_decision (
  coll          text        NOT NULL,
  topic_value   text        NOT NULL,
  decision_kind text        NOT NULL,
  rationale     text,
  decided_by    text        NOT NULL,
  decided_at    timestamptz NOT NULL DEFAULT now(),
  tag           text,
  CONSTRAINT topic_label_reconcile_decision_pkey PRIMARY KEY (coll, topic_value),
  CONSTRAINT chk_topic_label_reconcile_decision_kind
    CHECK (decision_kind IN ('accept_orthogonal_facet', 'accept_projection_pending', 'accept_quarantine_hold'))
);
COMMENT ON TABLE topic_label_reconcile_decision IS
  'One row per collection and topic whose difference between topic and labels was accepted. It covers only the '
  'flag it was made for.';

-- 9. The ledger of scans.
CREATE TABLE IF NOT EXISTS governance_scan_run (
  scan_id        bigint      GENERATED BY DEFAULT AS IDENTITY,
  actor          text        NOT NULL,
  mode           text        NOT NULL,
  finding_count  integer     NOT NULL DEFAULT 0,
  new_count      integer     NOT NULL DEFAULT 0,
  resolved_count integer     NOT NULL DEFAULT 0,
  summary        jsonb       NOT NULL DEFAULT '{}',
  started_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at    timestamptz,
  CONSTRAINT governance_scan_run_pkey PRIMARY KEY (scan_id)
);
COMMENT ON TABLE governance_scan_run IS
  'One row per run of fn_governance_scan: who, in which mode, and how many findings, new ones and resolved ones.';

-- 10. Findings of all detectors over time.
-- last_scan_id has no foreign key: the ledger may be trimmed without touching the findings.
CREATE TABLE IF NOT EXISTS governance_drift_state (
  id            bigint      GENERATED BY DEFAULT AS IDENTITY,
  detector_code text        NOT NULL,
  severity      text        NOT NULL,
  object_type   text        NOT NULL,
  object_ref    text        NOT NULL,
  axis_code     text,
  value_code    text,
  detail        jsonb       NOT NULL DEFAULT '{}',
  status        text        NOT NULL DEFAULT 'open',
  first_seen    timestamptz NOT NULL DEFAULT now(),
  last_seen     timestamptz NOT NULL DEFAULT now(),
  resolved_at   timestamptz,
  scan_count    integer     NOT NULL DEFAULT 1,
  last_scan_id  bigint,
  CONSTRAINT governance_drift_state_pkey PRIMARY KEY (id),
  CONSTRAINT chk_governance_drift_state_severity CHECK (severity IN ('info', 'warning', 'critical')),
  CONSTRAINT chk_governance_drift_state_status CHECK (status IN ('open', 'resolved'))
);
COMMENT ON TABLE governance_drift_state IS
  'One row per finding that any scan ever made: open while the latest scan found it, resolved after.';

-- The identity of a finding. Without axis_code two per-assignment rules would collide on the same object.
CREATE UNIQUE INDEX IF NOT EXISTS uq_governance_drift_state_finding
  ON governance_drift_state (detector_code, coalesce(axis_code, '∅'), object_type, object_ref, coalesce(value_code, '∅'));

-- 11. The shadow of the events that would be sent. Not the outbox: nothing here is ever emitted.
CREATE TABLE IF NOT EXISTS governance_event_log (
  id             bigint      GENERATED BY DEFAULT AS IDENTITY,
  detector_code  text,
  event_domain   text        NOT NULL DEFAULT 'governance',
  event_type     text        NOT NULL,
  payload        jsonb       NOT NULL,
  emitted        boolean     NOT NULL DEFAULT false,
  blocked_reason text        NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT governance_event_log_pkey PRIMARY KEY (id),
  CONSTRAINT chk_governance_event_log_never_emitted CHECK (NOT emitted)
);
COMMENT ON TABLE governance_event_log IS
  'One row per shaped event payload that was held back, with the reason. Log only; no event leaves from here.';

-- ---------------------------------------------------------------------------------------------------------------
-- Axis views (9).
-- ---------------------------------------------------------------------------------------------------------------

-- What the active rules on active axes demand.
CREATE OR REPLACE VIEW v_axis_required_cell AS
WITH active_rule AS (
  SELECT rule.*
  FROM coverage_rule AS rule
  JOIN axis_registry AS axis ON axis.axis_code = rule.axis_code
  WHERE rule.status = 'active' AND axis.status = 'active'
), required_object AS (
  SELECT object_type::text AS object_type, object_ref::text AS object_ref
  FROM v_governance_object_inventory
  WHERE requires_owner AND born
)
SELECT rule.rule_code, rule.axis_code, object.object_type, object.object_ref, value.value_code,
       rule.coverage_mode, rule.required_owner_kind
FROM active_rule AS rule
JOIN required_object AS object ON object.object_type = rule.applies_to
JOIN axis_value AS value ON value.axis_code = rule.axis_code AND value.status = 'active'
WHERE rule.coverage_mode = 'cross_product'
UNION ALL
SELECT rule.rule_code, rule.axis_code, object.object_type, object.object_ref, assignment.value_code,
       rule.coverage_mode, rule.required_owner_kind
FROM active_rule AS rule
JOIN axis_assignment AS assignment
  ON assignment.axis_code = rule.axis_code AND assignment.object_type = rule.applies_to AND assignment.status = 'active'
JOIN required_object AS object
  ON object.object_type = assignment.object_type AND object.object_ref = assignment.object_ref
WHERE rule.coverage_mode = 'per_assignment';
COMMENT ON VIEW v_axis_required_cell IS
  'One row per cell (axis, object, value) that must have an owner: cross_product demands each required object ×'
  ' each active value, per_assignment each active assignment, quarantine included.';

-- Who owns a cell: the responsibility axis reads the application's store, the other axes ours.
CREATE OR REPLACE VIEW v_axis_effective_owner AS
SELECT axis.axis_code, owner.object_type::text AS object_type, owner.object_ref::text AS object_ref,
       owner.scope::text AS value_code, owner.owner_gov_code::text AS owner_gov_code,
       owner.owner_kind::text AS owner_kind, owner.resolution::text AS resolution
FROM axis_registry AS axis
CROSS JOIN v_object_effective_owner AS owner
WHERE axis.axis_code = 'responsibility'
UNION ALL
SELECT axis_code, object_type, object_ref, value_code, owner_gov_code, owner_kind, 'direct'
FROM axis_object_ownership
WHERE status = 'active' AND axis_code <> 'responsibility';
COMMENT ON VIEW v_axis_effective_owner IS
  'One row per owner in effect on a cell (axis, object, value); on the responsibility axis a value is a scope, '
  'and owners may be inherited.';

-- Required cells without an owner of the required kind.
-- EXCEPT, not an outer join: at 3,500 collections 0.04 s against 3.5 s.
CREATE OR REPLACE VIEW v_axis_coverage_gap AS
SELECT axis_code, object_type, object_ref, value_code, required_owner_kind
FROM v_axis_required_cell
EXCEPT
SELECT axis_code, object_type, object_ref, value_code, owner_kind
FROM v_axis_effective_owner;
COMMENT ON VIEW v_axis_coverage_gap IS
  'One row per required cell (axis, object, value) that has no owner of the required kind.';

-- How good an assignment is. The first that holds: quarantine, low_confidence, stale, ok.
-- Ages are compared in UTC, so that the session's time zone and its summer time do not matter.
CREATE OR REPLACE VIEW v_axis_assignment_quality AS
SELECT
  assignment.id AS assignment_id,
  assignment.object_type,
  assignment.object_ref,
  assignment.axis_code,
  assignment.value_code,
  assignment.zone,
  assignment.confidence,
  rule.confidence_threshold,
  assignment.assigned_at,
  rule.staleness_days,
  CASE
    WHEN assignment.zone = 'quarantine' OR assignment.provenance IS NULL THEN 'quarantine'
    WHEN assignment.confidence IS NULL OR assignment.confidence < rule.confidence_threshold THEN 'low_confidence'
    WHEN rule.staleness_days > 0
     AND assignment.assigned_at AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC' - make_interval(days => rule.staleness_days)
      THEN 'stale'
    ELSE 'ok'
  END AS flag
FROM axis_assignment AS assignment
LEFT JOIN coverage_rule AS rule
  ON rule.axis_code = assignment.axis_code AND rule.applies_to = assignment.object_type AND rule.status = 'active'
WHERE assignment.status = 'active';
COMMENT ON VIEW v_axis_assignment_quality IS
  'One row per active assignment with one flag: quarantine (zone, or no provenance), low_confidence (below the '
  'rule''s threshold, or unknown), stale (older than the rule''s staleness_days), ok.';

-- What each registered axis holds.
CREATE OR REPLACE VIEW v_axis_registry_coverage AS
SELECT
  axis.axis_code,
  axis.axis_name,
  axis.axis_family,
  axis.axis_kind,
  axis.status,
  axis.lifecycle_status,
  (SELECT count(*) FROM axis_value AS value WHERE value.axis_code = axis.axis_code) AS axis_values,
  (SELECT count(*) FROM axis_value AS value WHERE value.axis_code = axis.axis_code AND value.status = 'active') AS active_values,
  (SELECT count(*) FROM coverage_rule AS rule WHERE rule.axis_code = axis.axis_code AND rule.status = 'active') AS active_rules,
  (SELECT count(*) FROM axis_assignment AS assignment
    WHERE assignment.axis_code = axis.axis_code AND assignment.status = 'active') AS active_assignments
FROM axis_registry AS axis;
COMMENT ON VIEW v_axis_registry_coverage IS
  'One row per registered axis, active or not, with how many values, active rules and active assignments it has.';

-- Required objects that a per-assignment axis does not know.
CREATE OR REPLACE VIEW v_axis_missing_assignment AS
SELECT rule.axis_code, object.object_type::text AS object_type, object.object_ref::text AS object_ref
FROM coverage_rule AS rule
JOIN axis_registry AS axis ON axis.axis_code = rule.axis_code AND axis.status = 'active'
JOIN v_governance_object_inventory AS object
  ON object.object_type::text = rule.applies_to AND object.requires_owner AND object.born
WHERE rule.coverage_mode = 'per_assignment' AND rule.status = 'active'
EXCEPT
SELECT axis_code, object_type, object_ref
FROM axis_assignment
WHERE status = 'active';
COMMENT ON VIEW v_axis_missing_assignment IS
  'One row per required object without any active assignment on an active axis that has an active '
  'per_assignment rule.';

-- Coverage in numbers. Each source is aggregated once.
CREATE OR REPLACE VIEW v_axis_coverage_summary AS
WITH required AS (
  SELECT axis_code, count(*) AS cells
  FROM v_axis_required_cell
  GROUP BY axis_code
), gap AS (
  SELECT axis_code, count(*) AS cells
  FROM v_axis_coverage_gap
  GROUP BY axis_code
), quality AS (
  SELECT
    axis_code,
    count(*) FILTER (WHERE flag = 'ok') AS ok,
    count(*) FILTER (WHERE flag = 'low_confidence') AS low_confidence,
    count(*) FILTER (WHERE flag = 'stale') AS stale,
    count(*) FILTER (WHERE flag = 'quarantine') AS quarantine
  FROM v_axis_assignment_quality
  GROUP BY axis_code
)
SELECT
  axis.axis_code,
  coalesce(required.cells, 0) AS required_cells,
  coalesce(gap.cells, 0) AS gap_cells,
  coalesce(quality.ok, 0) AS ok_assignments,
  coalesce(quality.low_confidence, 0) AS low_conf,
  coalesce(quality.stale, 0) AS stale,
  coalesce(quality.quarantine, 0) AS quarantine
FROM axis_registry AS axis
LEFT JOIN required ON required.axis_code = axis.axis_code
LEFT JOIN gap ON gap.axis_code = axis.axis_code
LEFT JOIN quality ON quality.axis_code = axis.axis_code
WHERE axis.status = 'active';
COMMENT ON VIEW v_axis_coverage_summary IS
  'One row per active axis: required and unowned cells, and its active assignments by quality flag.';

-- The events that candidate findings would be, were emission on.
CREATE OR REPLACE VIEW v_axis_issue_payload AS
WITH shaped AS (
  SELECT
    finding.*,
    CASE
      WHEN finding_type IN ('missing_owner', 'missing_assignment') THEN 'coverage.scan_completed'
      WHEN finding_type = 'stale_topic' THEN 'candidate.scan_completed'
      ELSE 'input.untrusted_source'
    END AS event_type
  FROM axis_candidate_finding AS finding
)
SELECT
  finding_type,
  object_type,
  object_ref,
  axis_code,
  value_code,
  severity,
  'governance' AS event_domain,
  event_type,
  EXISTS (
    SELECT FROM event_type_registry AS type
    WHERE type.event_domain = 'governance' AND type.event_type = shaped.event_type AND type.active IS NOT FALSE
  ) AS emittable,
  jsonb_build_object(
    'finding_type', finding_type,
    'severity', severity,
    'canonical_address', format('%s:%s', object_type, object_ref),
    'axis_code', axis_code,
    'value_code', value_code,
    'scan_count', scan_count
  ) AS payload
FROM shaped;
COMMENT ON VIEW v_axis_issue_payload IS
  'One row per candidate finding in the shape of the event it would be; emittable only if that event type were '
  'active. Nothing is sent from here.';

-- Objects whose topics do not agree on a root.
CREATE OR REPLACE VIEW v_axis_topic_parentage_conflict AS
WITH RECURSIVE ancestry AS (
  SELECT value_code AS topic, value_code AS ancestor, parent_value_code AS parent
  FROM axis_value
  WHERE axis_code = 'topic'
  UNION
  SELECT ancestry.topic, parent.value_code, parent.parent_value_code
  FROM ancestry
  JOIN axis_value AS parent ON parent.axis_code = 'topic' AND parent.value_code = ancestry.parent
), topic_root AS (
  SELECT topic, ancestor AS root
  FROM ancestry
  WHERE parent IS NULL
)
SELECT
  assignment.object_type,
  assignment.object_ref,
  array_agg(DISTINCT topic_root.root) AS roots,
  array_agg(DISTINCT assignment.value_code) AS topics
FROM axis_assignment AS assignment
JOIN topic_root ON topic_root.topic = assignment.value_code
WHERE assignment.axis_code = 'topic' AND assignment.status = 'active'
GROUP BY assignment.object_type, assignment.object_ref
HAVING count(DISTINCT topic_root.root) > 1;
COMMENT ON VIEW v_axis_topic_parentage_conflict IS
  'One row per object whose active topics belong to more than one root topic, with these roots and topics.';

-- ---------------------------------------------------------------------------------------------------------------
-- Reconcile views (6): topics against the application's labels.
-- Where a view could speak of the application alone, it waits for the first axis to be registered.
-- ---------------------------------------------------------------------------------------------------------------

-- Labels in use that are not active vocabulary. Materialized, so that no plan can read entity_labels twice.
CREATE OR REPLACE VIEW v_reconcile_label_orphan AS
WITH label_in_use AS MATERIALIZED (
  SELECT label_code::text AS label_code, count(*) AS uses
  FROM entity_labels
  WHERE EXISTS (SELECT FROM axis_registry)
  GROUP BY label_code
)
SELECT label_code, uses
FROM label_in_use
WHERE NOT EXISTS (
  SELECT FROM taxonomy WHERE taxonomy.code::text = label_in_use.label_code AND taxonomy.status::text = 'active'
);
COMMENT ON VIEW v_reconcile_label_orphan IS
  'One row per label that entity_labels uses without an active row in taxonomy, with the number of uses.';

-- Topics that no label speaks for.
CREATE OR REPLACE VIEW v_reconcile_topic_without_label AS
SELECT value.value_code AS topic_value, value.parent_value_code AS parent_topic
FROM axis_value AS value
WHERE value.axis_code = 'topic' AND value.status = 'active'
  AND NOT EXISTS (SELECT FROM topic_taxonomy_map AS map WHERE map.topic_value = value.value_code);
COMMENT ON VIEW v_reconcile_topic_without_label IS 'One row per active topic that is mapped to no label.';

-- Labels that no topic speaks for.
CREATE OR REPLACE VIEW v_reconcile_label_without_topic AS
SELECT label.code::text AS label_code, label.facet_id
FROM taxonomy AS label
WHERE label.status::text = 'active'
  AND EXISTS (SELECT FROM axis_registry)
  AND NOT EXISTS (SELECT FROM topic_taxonomy_map AS map WHERE map.label_code = label.code::text);
COMMENT ON VIEW v_reconcile_label_without_topic IS
  'One row per active label of the taxonomy that no topic is mapped to.';

-- The labels of a collection's topic against the labels that its own label rules produce.
CREATE OR REPLACE VIEW v_reconcile_collection_topic_vs_label AS
WITH assigned AS (
  SELECT object_ref AS coll, value_code AS topic_value, zone
  FROM axis_assignment
  WHERE axis_code = 'topic' AND object_type = 'collection' AND status = 'active'
), topic_label AS (
  SELECT map.topic_value, map.label_code, label.facet_id
  FROM topic_taxonomy_map AS map
  LEFT JOIN taxonomy AS label ON label.code::text = map.label_code
), rule_label AS (
  SELECT DISTINCT rule.condition ->> 'collection' AS coll, rule.label_code::text AS label_code, label.facet_id
  FROM label_rules AS rule
  LEFT JOIN taxonomy AS label ON label.code::text = rule.label_code::text
  WHERE rule.rule_type::text = 'collection' AND rule.status::text = 'active'
), common_facet AS (
  SELECT assigned.coll, assigned.topic_value, topic_label.facet_id,
         bool_or(topic_label.label_code = rule_label.label_code) AS shares_a_label
  FROM assigned
  JOIN topic_label ON topic_label.topic_value = assigned.topic_value
  JOIN rule_label ON rule_label.coll = assigned.coll AND rule_label.facet_id = topic_label.facet_id
  GROUP BY assigned.coll, assigned.topic_value, topic_label.facet_id
), agreement AS (
  SELECT coll, topic_value, bool_and(shares_a_label) AS agrees
  FROM common_facet
  GROUP BY coll, topic_value
), topic_side AS (
  SELECT topic_value, array_agg(label_code ORDER BY label_code) AS labels
  FROM topic_label
  GROUP BY topic_value
), rule_side AS (
  SELECT coll, array_agg(label_code ORDER BY label_code) AS labels
  FROM rule_label
  GROUP BY coll
), compared AS (
  SELECT
    assigned.coll,
    assigned.topic_value,
    assigned.zone,
    coalesce(topic_side.labels, '{}') AS topic_labels,
    coalesce(rule_side.labels, '{}') AS rule_labels,
    CASE
      WHEN rule_side.coll IS NULL THEN 'no_label_rule'
      WHEN agreement.coll IS NULL THEN 'orthogonal_facet'
      WHEN agreement.agrees THEN 'consistent'
      ELSE 'divergent'
    END AS raw_flag
  FROM assigned
  LEFT JOIN topic_side ON topic_side.topic_value = assigned.topic_value
  LEFT JOIN rule_side ON rule_side.coll = assigned.coll
  LEFT JOIN agreement ON agreement.coll = assigned.coll AND agreement.topic_value = assigned.topic_value
)
SELECT
  compared.*,
  decision.decision_kind,
  CASE
    WHEN raw_flag = 'orthogonal_facet' AND decision.decision_kind = 'accept_orthogonal_facet'
      OR raw_flag = 'no_label_rule' AND decision.decision_kind IN ('accept_projection_pending', 'accept_quarantine_hold')
      THEN 'reconciled_' || decision.decision_kind
    ELSE raw_flag
  END AS flag
FROM compared
LEFT JOIN topic_label_reconcile_decision AS decision
  ON decision.coll = compared.coll AND decision.topic_value = compared.topic_value;
COMMENT ON VIEW v_reconcile_collection_topic_vs_label IS
  'One row per collection and active topic. raw_flag: no_label_rule, orthogonal_facet (no facet in common, no '
  'conflict), divergent (a common facet in which the two sides share no label), consistent. flag: the same, or '
  'reconciled_<decision_kind> where a decision covers it.';

-- Owned topics that no label rule carries into the application.
CREATE OR REPLACE VIEW v_reconcile_topic_projection_gap AS
SELECT coll, topic_value, zone
FROM v_reconcile_collection_topic_vs_label AS compared
WHERE flag = 'no_label_rule'
  AND EXISTS (
    SELECT FROM v_axis_effective_owner AS owner
    WHERE owner.axis_code = 'topic' AND owner.object_type = 'collection'
      AND owner.object_ref = compared.coll AND owner.value_code = compared.topic_value
  );
COMMENT ON VIEW v_reconcile_topic_projection_gap IS
  'One row per collection and topic that has an owner but no active label rule at all, and is not decided as '
  'pending or on hold.';

-- The reconciliation in five numbers. Scalar subqueries: a reader of one column pays for that column only.
CREATE OR REPLACE VIEW v_reconcile_summary AS
SELECT
  (SELECT count(*) FROM v_reconcile_label_orphan) AS label_orphans,
  (SELECT count(*) FROM v_reconcile_topic_without_label) AS topics_without_label,
  (SELECT count(*) FROM v_reconcile_label_without_topic) AS labels_without_topic,
  (SELECT count(*) FROM v_reconcile_collection_topic_vs_label WHERE flag = 'divergent') AS divergent_collections,
  (SELECT count(*) FROM v_reconcile_topic_projection_gap) AS projection_gaps
WHERE EXISTS (SELECT FROM axis_registry);
COMMENT ON VIEW v_reconcile_summary IS
  'One row: how many label orphans, unmapped topics, unmapped labels, divergent collections and projection gaps'
  ' there are.';

-- ---------------------------------------------------------------------------------------------------------------
-- Timing view (1).
-- ---------------------------------------------------------------------------------------------------------------

-- How far labels lag behind topics. entity_labels.assigned_at is a UTC timestamp without time zone, so the
-- assignment's time is turned into UTC first. Materialized, so that no plan can read entity_labels twice; with no
-- rule to look for it is not read at all.
CREATE OR REPLACE VIEW v_projection_lag_timing AS
WITH assigned AS (
  SELECT object_ref AS coll, value_code AS topic_value, assigned_at AT TIME ZONE 'UTC' AS assigned_at_utc
  FROM axis_assignment
  WHERE axis_code = 'topic' AND object_type = 'collection' AND status = 'active'
), assigned_rule AS (
  SELECT rule.id AS rule_id, rule.condition ->> 'collection' AS coll
  FROM label_rules AS rule
  WHERE rule.rule_type::text = 'collection' AND rule.status::text = 'active'
    AND rule.condition ->> 'collection' IN (SELECT coll FROM assigned)
), newest_by_rule AS MATERIALIZED (
  SELECT label.rule_id, max(label.assigned_at) AS labelled_at_utc
  FROM entity_labels AS label
  WHERE label.rule_id IN (SELECT rule_id FROM assigned_rule)
  GROUP BY label.rule_id
), newest_by_collection AS (
  SELECT assigned_rule.coll, max(newest_by_rule.labelled_at_utc) AS labelled_at_utc
  FROM assigned_rule
  LEFT JOIN newest_by_rule ON newest_by_rule.rule_id = assigned_rule.rule_id
  GROUP BY assigned_rule.coll
)
SELECT
  assigned.coll,
  assigned.topic_value,
  assigned.assigned_at_utc,
  newest.labelled_at_utc,
  CASE
    WHEN newest.labelled_at_utc IS NULL THEN 'never_projected'
    WHEN assigned.assigned_at_utc > newest.labelled_at_utc THEN 'lagging'
    ELSE 'fresh'
  END AS timing,
  assigned.assigned_at_utc::date - newest.labelled_at_utc::date AS lag_days
FROM assigned
JOIN newest_by_collection AS newest ON newest.coll = assigned.coll;
COMMENT ON VIEW v_projection_lag_timing IS
  'One row per active topic of a collection with an active label rule: never_projected (no label of its rules),'
  ' lagging (assigned after the newest label) or fresh; lag_days is the difference of the UTC dates.';

-- ---------------------------------------------------------------------------------------------------------------
-- Drift views (6) and the event boundary (2).
-- ---------------------------------------------------------------------------------------------------------------

-- Candidate values that nobody decided about for 30 days.
CREATE OR REPLACE VIEW v_drift_stale_candidate_value AS
SELECT axis_code, value_code, created_at
FROM axis_value
WHERE status = 'candidate'
  AND created_at AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC' - interval '30 days';
COMMENT ON VIEW v_drift_stale_candidate_value IS
  'One row per axis value that has been a candidate for more than 30 days.';

-- Axes that active rows use although the registry does not carry them as active. Every arm names its columns: only then is the
-- printed definition the same again after a dump and a restore.
CREATE OR REPLACE VIEW v_drift_unregistered_axis AS
WITH used AS (
  SELECT axis_code, 'axis_value' AS used_by FROM axis_value WHERE status = 'active'
  UNION
  SELECT axis_code, 'axis_assignment' AS used_by FROM axis_assignment WHERE status = 'active'
  UNION
  SELECT axis_code, 'coverage_rule' AS used_by FROM coverage_rule WHERE status = 'active'
  UNION
  SELECT axis_code, 'axis_object_ownership' AS used_by FROM axis_object_ownership WHERE status = 'active'
)
SELECT used.axis_code, axis.status AS registry_status, array_agg(used.used_by ORDER BY used.used_by) AS used_by
FROM used
LEFT JOIN axis_registry AS axis ON axis.axis_code = used.axis_code
WHERE axis.status IS DISTINCT FROM 'active'
GROUP BY used.axis_code, axis.status;
COMMENT ON VIEW v_drift_unregistered_axis IS
  'One row per axis_code in active rows whose registry row is missing or not active, with the tables that use it.';

-- What the UI shows although nobody approved it and nobody answers for it.
CREATE OR REPLACE VIEW v_drift_ui_visible_unapproved AS
WITH unapproved AS (
  SELECT object_type, object_ref, axis_code, value_code, zone, assigned_kind
  FROM axis_assignment
  WHERE status = 'active' AND zone <> 'approved'
), unowned AS (
  SELECT object_type, object_ref, axis_code, value_code FROM unapproved
  EXCEPT
  SELECT object_type, object_ref, axis_code, value_code FROM v_axis_effective_owner WHERE owner_kind = 'accountable'
)
SELECT unapproved.*
FROM unapproved
JOIN unowned USING (object_type, object_ref, axis_code, value_code);
COMMENT ON VIEW v_drift_ui_visible_unapproved IS
  'One row per active assignment outside zone approved that has no active accountable owner.';

-- Axes without a demand.
CREATE OR REPLACE VIEW v_drift_coverage_rule_missing AS
SELECT axis.axis_code, axis.axis_name
FROM axis_registry AS axis
WHERE axis.status = 'active'
  AND NOT EXISTS (SELECT FROM coverage_rule AS rule WHERE rule.axis_code = axis.axis_code AND rule.status = 'active');
COMMENT ON VIEW v_drift_coverage_rule_missing IS 'One row per active axis that has no active coverage rule.';

-- The 11 detectors in one shape. The key of a row is (detector_code, axis_code, object_type, object_ref, value_code).
CREATE OR REPLACE VIEW v_drift_finding AS
SELECT
  'label_orphan' AS detector_code, 'warning' AS severity,
  'label' AS object_type, label_code AS object_ref, NULL AS axis_code, NULL AS value_code,
  jsonb_build_object('uses', uses) AS detail
FROM v_reconcile_label_orphan
UNION ALL
SELECT
  'topic_without_label', 'info',
  'axis_value', topic_value, 'topic', topic_value,
  jsonb_build_object('parent_topic', parent_topic)
FROM v_reconcile_topic_without_label
UNION ALL
SELECT
  'projection_lag', CASE flag WHEN 'divergent' THEN 'info' ELSE 'warning' END,
  'collection', coll, 'topic', topic_value,
  jsonb_build_object('flag', flag, 'topic_labels', topic_labels, 'rule_labels', rule_labels)
FROM v_reconcile_collection_topic_vs_label
WHERE flag IN ('divergent', 'no_label_rule')
UNION ALL
SELECT
  'low_confidence_assignment', 'warning',
  object_type, object_ref, axis_code, value_code,
  jsonb_build_object('confidence', confidence, 'threshold', confidence_threshold)
FROM v_axis_assignment_quality
WHERE flag = 'low_confidence'
UNION ALL
SELECT
  'stale_candidate', 'info',
  object_type, object_ref, axis_code, value_code,
  jsonb_build_object('assigned_at', assigned_at AT TIME ZONE 'UTC', 'staleness_days', staleness_days)
FROM v_axis_assignment_quality
WHERE flag = 'stale'
UNION ALL
SELECT
  'stale_candidate', 'info',
  'axis_value', value_code, axis_code, value_code,
  jsonb_build_object('created_at', created_at AT TIME ZONE 'UTC')
FROM v_drift_stale_candidate_value
UNION ALL
SELECT
  'conflicting_parentage', 'critical',
  object_type, object_ref, 'topic', NULL,
  jsonb_build_object('roots', roots, 'topics', topics)
FROM v_axis_topic_parentage_conflict
UNION ALL
SELECT
  'unregistered_axis', 'warning',
  'axis', axis_code, axis_code, NULL,
  jsonb_build_object('registry_status', registry_status, 'used_by', used_by)
FROM v_drift_unregistered_axis
UNION ALL
SELECT
  'axis_assignment_missing', 'info',
  object_type, object_ref, axis_code, NULL,
  '{}'
FROM v_axis_missing_assignment
UNION ALL
SELECT
  'ui_visible_unapproved', 'warning',
  object_type, object_ref, axis_code, value_code,
  jsonb_build_object('zone', zone, 'assigned_kind', assigned_kind)
FROM v_drift_ui_visible_unapproved
UNION ALL
SELECT
  'coverage_rule_missing', 'info',
  'axis', axis_code, axis_code, NULL,
  jsonb_build_object('axis_name', axis_name)
FROM v_drift_coverage_rule_missing
UNION ALL
SELECT
  'projection_lag_timing', CASE WHEN timing = 'never_projected' OR lag_days > 30 THEN 'warning' ELSE 'info' END,
  'collection', coll, 'topic', topic_value,
  jsonb_build_object('timing', timing, 'lag_days', lag_days)
FROM v_projection_lag_timing
WHERE timing <> 'fresh';
COMMENT ON VIEW v_drift_finding IS
  'One row per finding of the 11 detectors as of now; what the scans have recorded is in governance_drift_state.';

-- Which event a detector's findings would be. Constant, but silent until the first axis is registered.
CREATE OR REPLACE VIEW v_drift_event_map AS
SELECT detector_code, 'governance' AS event_domain, event_type
FROM (VALUES
  ('label_orphan', 'coverage.scan_completed'),
  ('topic_without_label', 'coverage.scan_completed'),
  ('projection_lag', 'coverage.scan_completed'),
  ('low_confidence_assignment', 'input.untrusted_source'),
  ('stale_candidate', 'candidate.scan_completed'),
  ('conflicting_parentage', 'coverage.scan_completed'),
  ('unregistered_axis', 'coverage.scan_completed'),
  ('axis_assignment_missing', 'coverage.scan_completed'),
  ('ui_visible_unapproved', 'input.untrusted_source'),
  ('coverage_rule_missing', 'coverage.scan_completed'),
  ('projection_lag_timing', 'coverage.scan_completed')
) AS map (detector_code, event_type)
WHERE EXISTS (SELECT FROM axis_registry);
COMMENT ON VIEW v_drift_event_map IS
  'One row per detector (11) with the governance event type that its findings would be emitted as.';

-- The findings of now in numbers, a silent detector included.
CREATE OR REPLACE VIEW v_drift_summary AS
WITH found AS (
  SELECT
    detector_code,
    count(*) AS findings,
    count(*) FILTER (WHERE severity = 'critical') AS critical,
    count(*) FILTER (WHERE severity = 'warning') AS warning,
    count(*) FILTER (WHERE severity = 'info') AS info
  FROM v_drift_finding
  GROUP BY detector_code
)
SELECT
  detector.detector_code,
  coalesce(found.findings, 0) AS findings,
  coalesce(found.critical, 0) AS critical,
  coalesce(found.warning, 0) AS warning,
  coalesce(found.info, 0) AS info
FROM v_drift_event_map AS detector
LEFT JOIN found ON found.detector_code = detector.detector_code;
COMMENT ON VIEW v_drift_summary IS
  'One row per detector (11) with the number of its findings as of now, in all and by severity.';

-- The events that open findings would be, were emission on.
CREATE OR REPLACE VIEW v_drift_issue_payload AS
SELECT
  drift.id AS finding_id,
  drift.detector_code,
  drift.severity,
  map.event_domain,
  map.event_type,
  EXISTS (
    SELECT FROM event_type_registry AS type
    WHERE type.event_domain = map.event_domain AND type.event_type = map.event_type AND type.active IS NOT FALSE
  ) AS emittable,
  jsonb_build_object(
    'detector_code', drift.detector_code,
    'severity', drift.severity,
    'canonical_address', format('%s:%s', drift.object_type, drift.object_ref),
    'axis_code', drift.axis_code,
    'value_code', drift.value_code,
    'detail', drift.detail
  ) AS payload
FROM governance_drift_state AS drift
LEFT JOIN v_drift_event_map AS map ON map.detector_code = drift.detector_code
WHERE drift.status = 'open';
COMMENT ON VIEW v_drift_issue_payload IS
  'One row per open finding in the shape of the event it would be; emittable only if that event type were '
  'active. Nothing is sent from here.';

-- ---------------------------------------------------------------------------------------------------------------
-- UI read contract (7). Read through REST, where bigint and numeric arrive as text: counts are integer, fractions double
-- precision, structured columns jsonb (json cannot be sorted), and each view has a key.
-- ---------------------------------------------------------------------------------------------------------------

-- Key: topic.
CREATE OR REPLACE VIEW v_ui_topic_tree AS
WITH RECURSIVE tree AS (
  SELECT value_code, parent_value_code, status, provenance, 0 AS depth, value_code AS path
  FROM axis_value
  WHERE axis_code = 'topic' AND parent_value_code IS NULL
  UNION ALL
  SELECT child.value_code, child.parent_value_code, child.status, child.provenance,
         tree.depth + 1, tree.path || '/' || child.value_code
  FROM tree
  JOIN axis_value AS child ON child.axis_code = 'topic' AND child.parent_value_code = tree.value_code
)
SELECT value_code AS topic, parent_value_code AS parent, status, provenance ->> 'kind' AS provenance_kind, depth, path
FROM tree;
COMMENT ON VIEW v_ui_topic_tree IS
  'One row per topic of any status, with its place in the tree: depth 0 is a root, path runs from the root to '
  'the topic. Key: topic.';

-- Key: object, topic. Of several owners the first in rank is shown, accountable before all others.
CREATE OR REPLACE VIEW v_ui_object_topic AS
WITH topic_owner AS (
  SELECT DISTINCT ON (object_ref, value_code) object_ref, value_code, owner_gov_code, owner_kind
  FROM v_axis_effective_owner
  WHERE axis_code = 'topic' AND object_type = 'collection'
  ORDER BY object_ref, value_code,
           array_position(ARRAY['accountable', 'delegated', 'exception', 'supporting'], owner_kind), owner_gov_code
)
SELECT
  assignment.object_ref AS object,
  assignment.value_code AS topic,
  assignment.zone,
  assignment.confidence::double precision AS confidence,
  assignment.assigned_kind,
  owner.owner_gov_code,
  owner.owner_kind,
  CASE WHEN owner.owner_gov_code IS NULL THEN 'candidate' ELSE 'official' END AS lane
FROM axis_assignment AS assignment
LEFT JOIN topic_owner AS owner
  ON owner.object_ref = assignment.object_ref AND owner.value_code = assignment.value_code
WHERE assignment.axis_code = 'topic' AND assignment.object_type = 'collection' AND assignment.status = 'active';
COMMENT ON VIEW v_ui_object_topic IS
  'One row per collection and active topic; lane is official if an owner answers for it, else candidate. Key: '
  'object, topic.';

-- Key: axis_code.
CREATE OR REPLACE VIEW v_ui_axis_browser AS
SELECT
  axis.axis_code,
  axis.axis_name,
  axis.axis_family,
  axis.axis_kind,
  axis.status,
  axis.lifecycle_status,
  axis.axis_values::integer AS axis_values,
  axis.active_values::integer AS active_values,
  axis.active_assignments::integer AS active_assignments,
  coalesce(summary.required_cells, 0)::integer AS required_cells,
  coalesce(summary.gap_cells, 0)::integer AS gap_cells
FROM v_axis_registry_coverage AS axis
LEFT JOIN v_axis_coverage_summary AS summary ON summary.axis_code = axis.axis_code;
COMMENT ON VIEW v_ui_axis_browser IS 'One row per registered axis with its size and coverage. Key: axis_code.';

-- Key: lane.
CREATE OR REPLACE VIEW v_ui_lane AS
SELECT lane, count(*)::integer AS assignments
FROM v_ui_object_topic
GROUP BY lane;
COMMENT ON VIEW v_ui_lane IS
  'One row per lane (official, candidate) with the number of topic assignments in it. Key: lane.';

-- Key: finding_id, as text because a bigint would arrive as text anyway.
CREATE OR REPLACE VIEW v_ui_detector_findings AS
SELECT
  id::text AS finding_id,
  detector_code,
  severity,
  object_type,
  object_ref,
  axis_code,
  value_code,
  detail,
  first_seen,
  last_seen,
  scan_count
FROM governance_drift_state
WHERE status = 'open'
ORDER BY
  array_position(ARRAY['critical', 'warning', 'info'], severity),
  detector_code, axis_code, object_type, object_ref, value_code;
COMMENT ON VIEW v_ui_detector_findings IS
  'One row per open finding as of the latest scan, critical first. Key: finding_id.';

-- Key: item_key.
CREATE OR REPLACE VIEW v_ui_review_queue AS
WITH unowned AS (
  SELECT object_type, object_ref, axis_code, value_code FROM axis_assignment WHERE status = 'active'
  EXCEPT
  SELECT object_type, object_ref, axis_code, value_code FROM v_axis_effective_owner WHERE owner_kind = 'accountable'
)
SELECT
  'assignment:' || assignment.id AS item_key, 'assignment_unowned' AS item_kind, 'warning' AS severity,
  assignment.object_type, assignment.object_ref, assignment.axis_code, assignment.value_code,
  jsonb_build_object('zone', assignment.zone, 'assigned_kind', assignment.assigned_kind) AS detail
FROM axis_assignment AS assignment
JOIN unowned USING (object_type, object_ref, axis_code, value_code)
WHERE assignment.status = 'active'
UNION ALL
SELECT
  'value:' || axis_code || ':' || value_code, 'value_promotion', 'info',
  'axis_value', value_code, axis_code, value_code,
  provenance
FROM axis_value
WHERE status = 'candidate'
UNION ALL
SELECT
  'drift:' || id, 'drift', severity,
  object_type, object_ref, axis_code, value_code,
  detail || jsonb_build_object('detector_code', detector_code)
FROM governance_drift_state
WHERE status = 'open' AND severity IN ('critical', 'warning');
COMMENT ON VIEW v_ui_review_queue IS
  'One row per thing that waits for a human: an assignment without an accountable owner, a value to promote, an'
  ' open critical or warning finding. Key: item_key.';

-- Key: id, a constant.
CREATE OR REPLACE VIEW v_ui_coverage_dashboard AS
SELECT
  1 AS id,
  (SELECT count(*)::integer FROM v_object_owner_gap) AS ownership_gap,
  (SELECT count(*)::integer FROM v_axis_coverage_gap WHERE axis_code = 'topic') AS topic_gap,
  (SELECT count(*)::integer FROM axis_registry WHERE status = 'active') AS active_axes,
  (SELECT count(*)::integer FROM governance_drift_state WHERE status = 'open') AS open_drift,
  (SELECT count(*)::integer FROM governance_drift_state WHERE status = 'open' AND severity = 'critical') AS critical_drift,
  (SELECT count(*)::integer FROM v_ui_review_queue) AS review_queue_size,
  (SELECT to_jsonb(summary) FROM v_reconcile_summary AS summary) AS reconcile
WHERE EXISTS (SELECT FROM axis_registry);
COMMENT ON VIEW v_ui_coverage_dashboard IS
  'One row: the state of governance in numbers, reconcile holding those of v_reconcile_summary. Key: id, always 1.';

-- ---------------------------------------------------------------------------------------------------------------
-- Function (1): one bounded scan on demand, run with the caller's own privileges.
-- "Not seen" is judged by scan id, never by the clock: a rehearsal has one now(). Scans wait for each other, so that
-- none of them takes another's findings for unseen. A finding that comes back counts as new.
-- ---------------------------------------------------------------------------------------------------------------
CREATE OR REPLACE FUNCTION fn_governance_scan(actor text, mode text)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = public, pg_temp
AS $scan$
DECLARE
  started_at  CONSTANT timestamptz := clock_timestamp();
  this_scan   bigint;
  open_before integer;
  found       integer;
  resolved    integer;
BEGIN
  PERFORM pg_advisory_xact_lock(1330795077, 2);
  this_scan := nextval(pg_get_serial_sequence('governance_scan_run', 'scan_id'));
  open_before := (SELECT count(*) FROM governance_drift_state WHERE status = 'open');

  -- Findings: seen ones are opened or kept open, all other open ones are resolved.
  INSERT INTO governance_drift_state AS known
    (detector_code, severity, object_type, object_ref, axis_code, value_code, detail, last_scan_id)
  SELECT detector_code, severity, object_type, object_ref, axis_code, value_code, detail, this_scan
  FROM v_drift_finding
  ORDER BY detector_code, axis_code, object_type, object_ref, value_code
  ON CONFLICT (detector_code, coalesce(axis_code, '∅'), object_type, object_ref, coalesce(value_code, '∅'))
  DO UPDATE SET
    severity = excluded.severity,
    detail = excluded.detail,
    status = 'open',
    last_seen = excluded.last_seen,
    resolved_at = NULL,
    scan_count = known.scan_count + 1,
    last_scan_id = excluded.last_scan_id;
  GET DIAGNOSTICS found = ROW_COUNT;

  UPDATE governance_drift_state
  SET status = 'resolved', resolved_at = now()
  WHERE status = 'open' AND last_scan_id IS DISTINCT FROM this_scan;
  GET DIAGNOSTICS resolved = ROW_COUNT;

  -- Candidate findings: only what is so now is kept.
  INSERT INTO axis_candidate_finding AS known
    (finding_type, object_type, object_ref, axis_code, value_code, severity, last_scan_id)
  SELECT finding_type, object_type, object_ref, axis_code, value_code, severity, this_scan
  FROM (
    SELECT 'missing_owner' AS finding_type, object_type, object_ref, axis_code, value_code, 'warning' AS severity
    FROM v_axis_coverage_gap
    UNION ALL
    SELECT 'missing_assignment', object_type, object_ref, axis_code, '∅', 'info'
    FROM v_axis_missing_assignment
    UNION ALL
    SELECT CASE flag WHEN 'stale' THEN 'stale_topic' ELSE flag END, object_type, object_ref, axis_code, value_code,
           CASE flag WHEN 'stale' THEN 'info' ELSE 'warning' END
    FROM v_axis_assignment_quality
    WHERE flag <> 'ok'
  ) AS finding
  ORDER BY finding_type, object_type, object_ref, axis_code, value_code
  ON CONFLICT (finding_type, object_type, object_ref, axis_code, value_code)
  DO UPDATE SET
    severity = excluded.severity,
    scan_count = known.scan_count + 1,
    last_seen = excluded.last_seen,
    last_scan_id = excluded.last_scan_id;

  DELETE FROM axis_candidate_finding WHERE last_scan_id IS DISTINCT FROM this_scan;

  -- Of the findings seen, those are new that were not open before.
  INSERT INTO governance_scan_run
    (scan_id, actor, mode, finding_count, new_count, resolved_count, summary, started_at, finished_at)
  VALUES (
    this_scan, fn_governance_scan.actor, fn_governance_scan.mode, found, found - (open_before - resolved), resolved,
    jsonb_build_object(
      'by_detector', (
        SELECT coalesce(jsonb_object_agg(detector_code, findings), '{}')
        FROM (SELECT detector_code, count(*) AS findings FROM governance_drift_state
              WHERE last_scan_id = this_scan GROUP BY detector_code) AS counted),
      'by_severity', (
        SELECT coalesce(jsonb_object_agg(severity, findings), '{}')
        FROM (SELECT severity, count(*) AS findings FROM governance_drift_state
              WHERE last_scan_id = this_scan GROUP BY severity) AS counted),
      'candidate_findings', (
        SELECT coalesce(jsonb_object_agg(finding_type, findings), '{}')
        FROM (SELECT finding_type, count(*) AS findings FROM axis_candidate_finding
              GROUP BY finding_type) AS counted)),
    started_at, clock_timestamp());

  RETURN this_scan;
END
$scan$;
COMMENT ON FUNCTION fn_governance_scan(text, text) IS
  'One pass over all detectors: upserts governance_drift_state and axis_candidate_finding, resolves what was '
  'not seen, and returns the id of its row in governance_scan_run.';

-- ---------------------------------------------------------------------------------------------------------------
-- Late, because it blocks the application's writes to governance_registry until COMMIT: the only foreign key into the
-- application.
-- ---------------------------------------------------------------------------------------------------------------
DO $owner_key$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_constraint
    WHERE conrelid = 'axis_object_ownership'::regclass AND conname = 'axis_object_ownership_owner_fkey'
  ) THEN
    ALTER TABLE axis_object_ownership
      ADD CONSTRAINT axis_object_ownership_owner_fkey FOREIGN KEY (owner_gov_code) REFERENCES governance_registry (code);
  END IF;
END
$owner_key$;

-- ---------------------------------------------------------------------------------------------------------------
-- The readers of the UI: those of one_roof.reader_roles that exist.
-- ---------------------------------------------------------------------------------------------------------------
DO $grants$
DECLARE
  reader text;
BEGIN
  FOR reader IN
    SELECT rolname
    FROM pg_roles
    WHERE rolname = ANY (regexp_split_to_array(
      btrim(coalesce(nullif(current_setting('one_roof.reader_roles', true), ''), 'one_roof_reader')), '\s*,\s*'))
    ORDER BY rolname
  LOOP
    EXECUTE format(
      'GRANT SELECT ON v_ui_topic_tree, v_ui_object_topic, v_ui_axis_browser, v_ui_lane, v_ui_detector_findings, '
      'v_ui_review_queue, v_ui_coverage_dashboard TO %I', reader);
  END LOOP;
END
$grants$;

-- ---------------------------------------------------------------------------------------------------------------
-- Exit gates: all 43 are there, and inert.
-- ---------------------------------------------------------------------------------------------------------------
DO $speak$
BEGIN
  PERFORM set_config('client_min_messages', current_setting('one_roof.messages'), true);
END
$speak$;

DO $exit$
DECLARE
  tier     CONSTANT text := 'Tier 1 (structure)';
  section  CONSTANT text := 'exit';
  advice   CONSTANT text := 'Nothing was changed: the transaction was rolled back. The structure did not come out complete and inert; do not go on.';
  gate     record;
  measured text;
  readings text[] := '{}';
  failed   text[] := '{}';
  reasons  text[] := '{}';
  details  text[] := '{}';
BEGIN
  FOR gate IN
    SELECT *
    FROM (VALUES
      ('axis_objects', '=', '43',
        $q$ SELECT count(DISTINCT name)
            FROM (SELECT relname AS name FROM pg_class
                  WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('i', 'I', 'S', 't')
                  UNION ALL
                  SELECT proname FROM pg_proc
                  WHERE pronamespace = 'public'::regnamespace AND proname = 'fn_governance_scan') AS present
            WHERE name = ANY (ARRAY[
              'axis_registry', 'axis_value', 'axis_assignment', 'coverage_rule', 'axis_object_ownership',
              'axis_candidate_finding', 'topic_taxonomy_map', 'topic_label_reconcile_decision', 'governance_scan_run',
              'governance_drift_state', 'governance_event_log',
              'v_axis_required_cell', 'v_axis_effective_owner', 'v_axis_coverage_gap', 'v_axis_assignment_quality',
              'v_axis_registry_coverage', 'v_axis_missing_assignment', 'v_axis_coverage_summary', 'v_axis_issue_payload',
              'v_axis_topic_parentage_conflict',
              'v_reconcile_label_orphan', 'v_reconcile_topic_without_label', 'v_reconcile_label_without_topic',
              'v_reconcile_collection_topic_vs_label', 'v_reconcile_topic_projection_gap', 'v_reconcile_summary',
              'v_drift_finding', 'v_drift_summary', 'v_drift_stale_candidate_value', 'v_drift_unregistered_axis',
              'v_drift_ui_visible_unapproved', 'v_drift_coverage_rule_missing',
              'v_projection_lag_timing', 'v_drift_event_map', 'v_drift_issue_payload',
              'v_ui_topic_tree', 'v_ui_object_topic', 'v_ui_axis_browser', 'v_ui_lane', 'v_ui_detector_findings',
              'v_ui_review_queue', 'v_ui_coverage_dashboard',
              'fn_governance_scan']) $q$),
      ('structure_rows', '=', '0',
        $q$ SELECT CASE WHEN EXISTS (SELECT FROM axis_registry) THEN 0 ELSE
              (SELECT count(*) FROM v_axis_required_cell)
              + (SELECT count(*) FROM v_axis_effective_owner)
              + (SELECT count(*) FROM v_axis_coverage_gap)
              + (SELECT count(*) FROM v_axis_assignment_quality)
              + (SELECT count(*) FROM v_axis_registry_coverage)
              + (SELECT count(*) FROM v_axis_missing_assignment)
              + (SELECT count(*) FROM v_axis_coverage_summary)
              + (SELECT count(*) FROM v_axis_issue_payload)
              + (SELECT count(*) FROM v_axis_topic_parentage_conflict)
              + (SELECT count(*) FROM v_reconcile_label_orphan)
              + (SELECT count(*) FROM v_reconcile_topic_without_label)
              + (SELECT count(*) FROM v_reconcile_label_without_topic)
              + (SELECT count(*) FROM v_reconcile_collection_topic_vs_label)
              + (SELECT count(*) FROM v_reconcile_topic_projection_gap)
              + (SELECT count(*) FROM v_reconcile_summary)
              + (SELECT count(*) FROM v_drift_finding)
              + (SELECT count(*) FROM v_drift_summary)
              + (SELECT count(*) FROM v_drift_stale_candidate_value)
              + (SELECT count(*) FROM v_drift_unregistered_axis)
              + (SELECT count(*) FROM v_drift_ui_visible_unapproved)
              + (SELECT count(*) FROM v_drift_coverage_rule_missing)
              + (SELECT count(*) FROM v_projection_lag_timing)
              + (SELECT count(*) FROM v_drift_event_map)
              + (SELECT count(*) FROM v_drift_issue_payload)
              + (SELECT count(*) FROM v_ui_topic_tree)
              + (SELECT count(*) FROM v_ui_object_topic)
              + (SELECT count(*) FROM v_ui_axis_browser)
              + (SELECT count(*) FROM v_ui_lane)
              + (SELECT count(*) FROM v_ui_detector_findings)
              + (SELECT count(*) FROM v_ui_review_queue)
              + (SELECT count(*) FROM v_ui_coverage_dashboard)
            END $q$)
    ) AS gates (name, operator, expected, query)
  LOOP
    BEGIN
      EXECUTE gate.query INTO measured;
    EXCEPTION WHEN undefined_table OR undefined_column OR undefined_function OR undefined_object
                OR insufficient_privilege OR invalid_schema_name THEN
      measured := NULL;
    END;
    RAISE NOTICE 'gate % %: expected % %, measured %',
      section, gate.name, gate.operator, gate.expected, coalesce(measured, 'NULL')
      USING ERRCODE = 'OR000', SCHEMA = 'one_roof', TABLE = section, CONSTRAINT = gate.name,
            COLUMN = gate.operator || ' ' || gate.expected, DATATYPE = coalesce(measured, 'NULL');
    readings := readings || format('%s %s', gate.name, coalesce(measured, 'NULL'));
    IF (CASE gate.operator
          WHEN '=' THEN measured = gate.expected
          WHEN '>=' THEN measured::numeric >= gate.expected::numeric
          WHEN 'in' THEN measured = ANY (string_to_array(gate.expected, ','))
        END) IS NOT TRUE THEN
      failed := failed || gate.name;
      reasons := reasons || format('%s expected %s %s, measured %s',
        gate.name, gate.operator, gate.expected, coalesce(measured, 'NULL'));
      details := details || format('%s: want %s %s, have %s',
        gate.name, gate.operator, gate.expected, coalesce(measured, 'NULL'));
    END IF;
  END LOOP;
  PERFORM set_config('one_roof.measured', array_to_string(readings, ', '), true);
  IF cardinality(failed) > 0 THEN
    RAISE EXCEPTION '% %: % of % stop gates failed: %',
      tier, section, cardinality(failed), cardinality(readings), array_to_string(reasons, '; ')
      USING ERRCODE = 'OR001', SCHEMA = 'one_roof', TABLE = section, CONSTRAINT = array_to_string(failed, ','),
            DETAIL = array_to_string(details, E'\n'), HINT = advice;
  END IF;
END
$exit$;

SELECT format('TIER 1 STRUCTURE PASS: %s', current_setting('one_roof.measured')) AS tier_1;

COMMIT;
