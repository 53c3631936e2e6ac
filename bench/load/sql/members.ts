import { AGENCIES, LABEL_MS, pick, row } from "../shares";

/** One member of the application: a connection that asks the same of one table, again and again. */
export interface Member {
  readonly kind: "writer" | "reader";
  readonly table: string;
  /** Milliseconds between two requests, where it is not what all others keep. */
  readonly every?: number;
  /** The request of this turn; several statements are one transaction. */
  readonly request: (turn: number) => string;
}

const writer = (table: string, request: Member["request"]): Member => ({ kind: "writer", table, request });
const reader = (table: string, request: Member["request"]): Member => ({ kind: "reader", table, request });

/*
 * Nothing here changes what a gate demands exactly: no owner, scope, request, vote, tool or governance event is made or
 * taken away, and no issue. Labels are life: written by every rule in its turn and taken off again, so that what a scan
 * finds stale is another set at every moment.
 */
const WRITERS: readonly Member[] = [
  writer(
    "governance_registry",
    (turn) => `UPDATE governance_registry SET description = 'Edited ${turn}' WHERE code = '${pick(turn, AGENCIES)}'`,
  ),
  writer("governance_registry", (turn) =>
    turn % 2
      ? "DELETE FROM governance_registry WHERE code = 'GOV-BENCH'"
      : "INSERT INTO governance_registry (code, name, agency_kind) VALUES ('GOV-BENCH', 'Bench', 'operator')",
  ),
  {
    ...writer(
      "entity_labels",
      (turn) => `INSERT INTO entity_labels (entity_type, entity_code, label_code, rule_id, assigned_by, assigned_at)
        SELECT condition ->> 'collection', 'bench-${turn}', label_code, id, 'rule', now() AT TIME ZONE 'UTC'
        FROM label_rules WHERE id = 1 + ${turn} % (SELECT count(*) FROM label_rules)`,
    ),
    every: LABEL_MS,
  },
  writer(
    "entity_labels",
    () => `DELETE FROM entity_labels WHERE id = ANY (ARRAY(SELECT id FROM entity_labels ORDER BY id DESC LIMIT 40))
      AND entity_code LIKE 'bench-%' AND assigned_at < now() AT TIME ZONE 'UTC' - interval '4 s'`,
  ),
  writer("taxonomy", (turn) => `UPDATE taxonomy SET description = 'Edited ${turn}' WHERE id = ${1 + (turn % 50)}`),
  writer(
    "label_rules",
    (turn) => `UPDATE label_rules SET priority = ${100 + (turn % 7)} WHERE id = ${1 + (turn % 30)}`,
  ),
  writer(
    "collection_registry",
    (turn) => `UPDATE collection_registry SET description = 'Edited ${turn}' WHERE id = ${row(turn)};
      INSERT INTO event_outbox (event_domain, event_type, event_stream, delivery_lane, canonical_address)
      VALUES ('workflow', 'step.finished', 'workflow.step', 'batch', 'collections/${row(turn)}')`,
  ),
  writer("event_outbox", (turn) => `UPDATE event_outbox SET delivered_at = now() WHERE id = ${row(turn)}`),
  writer("birth_registry", (turn) => `UPDATE birth_registry SET certified = NOT certified WHERE id = ${row(turn)}`),
  writer(
    "system_issues",
    (turn) => `UPDATE system_issues SET occurrence_count = occurrence_count + 1 WHERE id = ${row(turn)}`,
  ),
];

const READERS: readonly Member[] = [
  reader("v_object_owner_gap", () => "SELECT scope, count(*) FROM v_object_owner_gap GROUP BY scope"),
  reader("v_object_effective_owner", () => "SELECT * FROM v_object_effective_owner WHERE object_ref = 'tasks'"),
  reader("v_object_owner_conflict", () => "SELECT * FROM v_object_owner_conflict"),
  reader("v_governance_object_inventory", () => "SELECT * FROM v_governance_object_inventory"),
  reader("governance_registry", () => "SELECT * FROM governance_registry ORDER BY code"),
  reader("governance_registry", (turn) => `SELECT * FROM governance_registry WHERE code = '${pick(turn, AGENCIES)}'`),
  reader("governance_object_ownership", () => "SELECT * FROM governance_object_ownership WHERE object_type = 'group'"),
  reader("entity_labels", () => "SELECT * FROM entity_labels ORDER BY id DESC LIMIT 25"),
  reader(
    "entity_labels",
    (turn) =>
      `SELECT e.entity_code, t.name FROM entity_labels e JOIN taxonomy t ON t.code = e.label_code WHERE e.id = ${row(turn)}`,
  ),
  reader("collection_registry", () => `SELECT * FROM collection_registry WHERE "group" = 'GRP-GOVERNANCE'`),
];

/** Ten writers and ten readers, on the tables of the baseline and as its application would use them. */
export const MEMBERS: readonly Member[] = [...WRITERS, ...READERS];
