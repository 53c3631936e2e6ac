/** Damage that several tests do; each is what the gates must notice. */

/** The human approval is withdrawn. */
export const NO_APPROVAL = "TRUNCATE os_proposal_approvals";

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
