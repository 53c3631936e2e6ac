import type { Gate } from "../provider";

/** What a gate means to a council member, what to do when it stops, and where it is demanded. */
type GateText = Pick<Gate, "meaning" | "remedy" | "source">;

/**
 * `source` are the lines of docs/specification.md that demand the gate, by their numbers: "S3 S10". A terminal shows meaning and source in
 * one line, and in two what was measured and the remedy.
 */
function text(meaning: string, remedy: string, source: string): GateText {
  return { meaning, remedy, source };
}

/** One text a gate, whatever tier it stands in: the name is that of the reading it judges. */
const TEXTS: Readonly<Record<string, GateText>> = {
  database: text(
    "The rollout changes only the database it was approved for.",
    "Connect to the right database, or set the configuration `database` for a rehearsal on a clone.",
    "S3 S9 S21",
  ),
  server_version: text(
    "The server is PostgreSQL 15 or newer.",
    "Upgrade the server; 16 is what production runs.",
    "S17",
  ),
  ospa: text(
    "A human has signed: os_proposal_approvals holds a row.",
    "Ask the owner to e-sign in Directus. Nobody else may insert that row.",
    "S3 S10 S25 S29 S33 S36 S40",
  ),
  ospa_valid: text(
    "One approval says yes: approved, in force, for this proposal and request.",
    "See what speaks against each, and ask the owner, nobody else, to e-sign anew in Directus.",
    "S3 S10",
  ),
  ratified_request: text(
    "The approval request that allows the ownership seed exists and is approved.",
    "Set `ratifiedApr` to the code of the approved request, or wait for the council's vote.",
    "S27",
  ),
  prerequisite_views: text(
    "The five governance views that the rollout builds on are all there.",
    "Restore the missing view from the application's schema; the rollout never creates or changes it.",
    "S11",
  ),
  axis_objects: text(
    "No object of One-Roof is there before Tier 1, and all 43 are there after it.",
    "Ask who made them. Left over: sql/prod_rollback/99_rollback_full.sql. All, by psql: `adopt: psql`.",
    "S12 S19",
  ),
  structure_rows: text(
    "The new views show nothing until an axis is registered.",
    "A right that is named: grant it to the views' owner. Rows: restore the released structure file.",
    "S20 S22",
  ),
  ownership_gap: text(
    "Cells without an accountable agency: 210 before the seed, 0 after.",
    "Compare v_object_owner_gap with what was approved: a collection, scope or owner has changed.",
    "S13 S28 S29 S30 S44",
  ),
  ownership_rows: text(
    "No ownership is recorded yet, so the seed cannot collide with one.",
    "Find out who wrote to governance_object_ownership, and whether the seed was applied already.",
    "S14 S29",
  ),
  ownership_seeded: text(
    "The seed wrote one row for each of 5 groups and 6 scopes.",
    "A group or a scope was lost or added since the approval; have the seed ratified again.",
    "S28 S30",
  ),
  ownership_conflict: text(
    "No object has two accountable agencies for one scope.",
    "Resolve what v_object_owner_conflict lists.",
    "S15 S29 S30 S44",
  ),
  governance_outbox: text(
    "No governance event is waiting to be sent.",
    "Find out who emitted it; the rollout sends nothing and starts only where nothing was sent.",
    "S16 S40 S42 S49",
  ),
  active_event_types: text(
    "Every governance event type is switched off.",
    "Deactivate the event type, or have its activation approved on its own after the rollout.",
    "S16 S39 S42",
  ),
  responsibility_required: text(
    "The responsibility axis wants an owner for each of 35 collections and 6 scopes.",
    "Compare the inventory and the active scopes with what was approved.",
    "S25 S44",
  ),
  responsibility_gap_drift: text(
    "The new, general gap equals the canonical one, cell by cell.",
    "Compare v_axis_coverage_gap with v_object_owner_gap; structure or prerequisite views differ.",
    "S25",
  ),
  responsibility_axis_gap: text(
    "Every cell of the responsibility axis has an accountable agency.",
    "See v_axis_coverage_gap for the cells without one.",
    "S44",
  ),
  containment_required: text(
    "Each of the 35 governed collections is assigned to its group.",
    "Compare v_governance_object_containment with what was approved.",
    "S33 S45",
  ),
  containment_gap: text(
    "Every collection's place in its group has an accountable agency.",
    "See v_axis_coverage_gap for the axis containment.",
    "S33 S45",
  ),
  containment_unregistered_groups: text(
    "Every group that a collection names is a value of the containment axis.",
    "A group was added since the approval; have the seed ratified again.",
    "S32",
  ),
  containment_without_group: text(
    "No governed collection is without a group.",
    "Give the collection a group in collection_registry.",
    "S32",
  ),
  mapped_labels_inactive: text(
    "Every label that a topic maps to is active vocabulary.",
    "Reactivate the label in taxonomy, or have the map changed and ratified.",
    "S35",
  ),
  divergent: text(
    "No collection's labels contradict its topic.",
    "See v_reconcile_collection_topic_vs_label; a divergence is never accepted by the rollout.",
    "S36 S47",
  ),
  projection_gap: text(
    "Every owned topic reaches the labels, or is knowingly pending or on hold.",
    "See v_reconcile_topic_projection_gap.",
    "S36 S47",
  ),
  kg_domain_x: text(
    "The topic kg-domain-x is ratified and active.",
    "Have its ratification confirmed before the rollout.",
    "S50",
  ),
  active_axes: text(
    "Three axes are active: responsibility, containment and topic.",
    "An axis was added or retired beside the rollout; see axis_registry.",
    "S46",
  ),
  label_orphans: text("Every label in use is active vocabulary.", "See v_reconcile_label_orphan.", "S47"),
  critical_drift: text("The scan found nothing critical.", "See v_ui_detector_findings, critical first.", "S40 S48"),
  emittable: text(
    "No open finding could be sent as an event.",
    "Deactivate the governance event types.",
    "S40 S42 S49",
  ),
  idle_in_the_way_over_5s: text(
    "No session idle in a transaction for over 5 s is a rollout's, or makes one wait.",
    "See the line that names them. End what a rollout left; an application's ends by itself: try again.",
    "S53",
  ),
  server_writable: text(
    "The server takes writes: it is no standby and not read-only by default.",
    "Connect to the primary, or take back default_transaction_read_only.",
    "S19",
  ),
  missing_rights: text(
    "The login that runs the rollout has every right that some tier or rollback needs.",
    "Have the listed rights granted to that login.",
    "S7",
  ),
  columns_missing: text(
    "Every column of the application that the rollout uses is there under its name.",
    "Restore the listed relations and columns as they were when the rollout was approved.",
    "S11",
  ),
  agencies_missing: text(
    "The agencies that become accountable are registered.",
    "Have the agency registered again, or the rollout ratified for another one.",
    "S28",
  ),
  rule_labels_unknown: text(
    "Every label rule of a collection with a topic speaks of a label of the taxonomy.",
    "Have the rule corrected, or its label added to the taxonomy.",
    "S35",
  ),
  orphan_labels: text(
    "Every label in use is active vocabulary, told before there is a view for it.",
    "Have the labels activated in the taxonomy, or taken off the entities.",
    "S47",
  ),
  structure: text(
    "Each of the 43 objects is defined exactly as the structure file defines it.",
    "Find out who changed them; sql/prod_rollback/99_rollback_full.sql removes what can go.",
    "S19",
  ),
  foreign_privileges: text(
    "Only their owner, and readers of the seven dashboards, may use the 43 objects.",
    "Revoke what is listed, and see pg_default_acl for who gave it by default.",
    "S20",
  ),
  others_rows: text(
    "No row of others stands where the tier writes, or where a rollback would delete it.",
    "Find out who wrote the rows named, and have them removed.",
    "S7",
  ),
  rows_differing: text(
    "Rows of this tier that were there already are exactly those it writes.",
    "Find out who wrote the rows named, and have them removed or made what the tier writes.",
    "S4",
  ),
  owners: text(
    "Every group got the agency that was ratified for it, under the ratified request.",
    "See the triggers and rules of governance_object_ownership: something changes what the seed writes.",
    "S28",
  ),
  group_owners_ambiguous: text(
    "For each group one agency is accountable now, under one approval.",
    "Have one agency, under one approval, made accountable for the group in all scopes.",
    "S32",
  ),
};

/** Declares a gate before the tier's first write. */
export function entry(name: string, operator: Gate["operator"], expected: Gate["expected"]): Gate {
  return { name, at: "entry", operator, expected, ...textOf(name) };
}

/** Declares a gate before the tier's COMMIT. */
export function exit(name: string, operator: Gate["operator"], expected: Gate["expected"]): Gate {
  return { ...entry(name, operator, expected), at: "exit" };
}

function textOf(name: string): GateText {
  const found = TEXTS[name];
  if (!found) throw new Error(`Gate ${name} has no text.`);
  return found;
}

/** What every mutating tier guards: the database and the human approval (docs/specification.md S3). */
export const GUARDS: readonly Gate[] = [
  entry("database", "=", { parameter: "database" }),
  entry("ospa", ">=", "1"),
  entry("ospa_valid", "=", "approved"),
];
