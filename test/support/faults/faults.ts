// SQL that breaks what a gate judges; each is what that gate must notice.

/** The human approval is withdrawn. */
export const NO_APPROVAL = "TRUNCATE os_proposal_approvals";

/** The approval is there, but what it says is no. */
export const APPROVAL_REJECTED = "UPDATE os_proposal_approvals SET status = 'rejected'";

/** An event that the outbox's own trigger would not let in. */
export const GOVERNANCE_EVENT = `
  ALTER TABLE event_outbox DISABLE TRIGGER USER;
  INSERT INTO event_outbox (event_domain, event_type, event_stream, delivery_lane, canonical_address)
  VALUES ('governance', 'coverage.scan_completed', 'governance.scan', 'batch', 'x');
  ALTER TABLE event_outbox ENABLE TRIGGER USER`;

/** A rule that gives a collection a label in the facet of its topic's labels, but another one. */
export const OTHER_LABEL = `
  INSERT INTO label_rules (name, condition, label_code) VALUES ('other', '{"collection": "agents"}', 'LBL-004')`;

/** A collection that becomes governed. */
export const ONE_MORE = `
  INSERT INTO collection_registry (collection_name, "group", governance_role, coverage_status)
  VALUES ('newcomer', 'GRP-AI', 'governed', 'BIRTH_REQUIRED')`;

export const ONE_LESS = `UPDATE collection_registry SET governance_role = 'observed' WHERE collection_name = 'tasks'`;

/** A row of the ownership store; values as (object_type, object_ref, scope, owner_kind, owner_gov_code). */
export function owner(row: string): string {
  return `INSERT INTO governance_object_ownership (object_type, object_ref, scope, owner_kind, owner_gov_code) VALUES (${row})`;
}

/** Two agencies answer for the same object, which only a lost index lets in. */
export function twoOwners(type: string, ref: string): string {
  return `DROP INDEX uq_gov_obj_accountable;
    ${owner(`'${type}', '${ref}', 'audit', 'accountable', 'GOV-MOT'`)};
    ${owner(`'${type}', '${ref}', 'audit', 'accountable', 'GOV-MOW'`)}`;
}

export const TWO_OWNERS = twoOwners("law", "x");

/** The guard of every file then expects another database than the one it runs on. */
export const OTHER_DATABASE = "SELECT set_config('one_roof.database', 'elsewhere', true)";
export const PENDING_REQUEST = "SELECT set_config('one_roof.ratified_apr', 'APR-0210', true)";

export const NO_CONTAINMENT_VIEW = "ALTER VIEW v_governance_object_containment RENAME TO containment_elsewhere";
export const NAMESAKE = "CREATE VIEW v_ui_lane AS SELECT 1 AS lane";

export const SUPPORTING_OWNER = owner("'collection', 'agents', 'audit', 'supporting', 'GOV-DOT'");
/** Beside the conflict, one of the cells that the gap counts now has an owner. */
export const TWO_OWNERS_OF_A_CELL = twoOwners("collection", "agents");

export const ACTIVE_EVENT_TYPE =
  "UPDATE event_type_registry SET active = true WHERE event_type = 'coverage.scan_completed'";

/** The server's version cannot be lowered, but what the gate asks can be made to lie. */
export const OLD_SERVER = `
  SET allow_system_table_mods = on;
  ALTER FUNCTION pg_catalog.current_setting(text) RENAME TO current_setting_of_this_server;
  CREATE FUNCTION pg_catalog.current_setting(name text) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT CASE name WHEN 'server_version_num' THEN '140012' ELSE current_setting_of_this_server(name) END $$`;

export const NO_SCAN_FUNCTION = "DROP FUNCTION fn_governance_scan(text, text)";
export const VIEW_LOST = "DROP VIEW v_axis_issue_payload";
/** Replaces a view by one of the same columns that returns a row. */
export const VIEW_WITH_A_ROW = `DO $$ BEGIN EXECUTE (
    SELECT 'CREATE OR REPLACE VIEW v_axis_issue_payload AS SELECT '
      || string_agg(format('NULL::%s AS %I', format_type(atttypid, atttypmod), attname), ', ' ORDER BY attnum)
    FROM pg_attribute WHERE attrelid = 'v_axis_issue_payload'::regclass AND attnum > 0);
  END $$`;

export const SCOPE_RETIRED =
  "UPDATE axis_value SET status = 'retired' WHERE axis_code = 'responsibility' AND value_code = 'audit'";
export const SEED_ROW_LOST = "DELETE FROM governance_object_ownership WHERE object_ref = 'GRP-AI' AND scope = 'policy'";
export const ASSIGNMENT_LOST = "DELETE FROM axis_assignment WHERE axis_code = 'containment' AND object_ref = 'agents'";
export const CELL_OWNER_LOST =
  "DELETE FROM axis_object_ownership WHERE axis_code = 'containment' AND object_ref = 'tasks'";
export const GROUP_DEPRECATED =
  "UPDATE axis_value SET status = 'deprecated' WHERE axis_code = 'containment' AND value_code = 'GRP-WORKFLOW'";
export const WITHOUT_GROUP = `UPDATE collection_registry SET "group" = NULL WHERE collection_name = 'modules'`;
export const LABEL_RETIRED = "UPDATE taxonomy SET status = 'deprecated' WHERE code = 'LBL-014'";
export const AXIS_MORE = `INSERT INTO axis_registry (axis_code, axis_name, axis_family, axis_kind, status, lifecycle_status)
  VALUES ('x', 'X', 'system', 'system', 'active', 'active')`;
export const DECISION_LOST = "DELETE FROM topic_label_reconcile_decision WHERE coll = 'governance_registry'";
export const TOPIC_INACTIVE = "UPDATE axis_value SET status = 'candidate' WHERE value_code = 'kg-domain-x'";
export const CRITICAL_FINDING =
  "UPDATE governance_drift_state SET severity = 'critical' WHERE detector_code = 'stale_candidate'";

/** A view that a collection's owner is found by has another column now. */
export const COLUMN_RENAMED = "ALTER VIEW v_object_effective_owner RENAME COLUMN resolution TO resolved_by";
export const NO_AGENCY = `UPDATE governance_responsibility_scope SET default_owner_hint = NULL;
  DELETE FROM governance_relations WHERE source_code = 'GOV-MOIT'; DELETE FROM governance_registry WHERE code = 'GOV-MOIT'`;
export const UNKNOWN_RULE_LABEL = `ALTER TABLE label_rules DROP CONSTRAINT label_rules_label_code_fkey;
  UPDATE label_rules SET label_code = 'LBL-999' WHERE condition ->> 'collection' = 'agents'`;
export const OPEN_TO_ALL = "GRANT ALL ON axis_registry TO PUBLIC";
export const CHECK_LOST = "ALTER TABLE axis_value DROP CONSTRAINT chk_axis_value_status";
/** The seed names another agency than the ratified one. */
export const OTHER_AGENCY =
  "UPDATE governance_object_ownership SET owner_gov_code = 'GOV-SIV' WHERE object_ref = 'GRP-WORKFLOW' AND scope = 'audit'";
/** The council appoints anew, under another approval, but for one scope only. */
export const OTHER_APPROVAL =
  "UPDATE governance_object_ownership SET approval_ref = 'APR-0300' WHERE object_ref = 'GRP-WORKFLOW' AND scope = 'audit'";

/** An axis that somebody else has registered before its tier. */
export function axisOfOthers(axis: string): string {
  return `INSERT INTO axis_registry (axis_code, axis_name, axis_family, axis_kind) VALUES ('${axis}', 'X', 'system', 'system')`;
}

/** A row that was there before its tier and is not what the tier writes, as the tier marks it. */
export function marked(axis: string): string {
  return `UPDATE axis_value SET tag = 'differs' WHERE axis_code = '${axis}'`;
}
