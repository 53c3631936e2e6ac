import type { Place } from "../place";
import { AGENCIES, LABEL_MS, pick, row } from "../shares";
import type { Server } from "./server";

/** A member's requests, one a turn. */
type Ask = (turn: number) => Promise<unknown>;

/** Whose a session of Directus is, only its statement tells: it names the table, and a writer's request reads too. */
const place = (kind: Place["kind"], table: string, ask: Ask, every?: number): Place => ({
  kind,
  table,
  every,
  ask,
  servedBy: ({ query }) => query.includes(`"${table}"`) && (kind === "writer" || /^select/i.test(query)),
});

/**
 * Ten writers and ten readers, as the SQL application has them, by REST. Directus adds what it does with every request: whose it is, what
 * the item was, activity and revision. It passes over views.
 */
export function members({ ask }: Server): Place[] {
  const edit = (table: string, key: (turn: number) => string | number, change: (turn: number) => object) =>
    place("writer", table, (turn) => ask("PATCH", `/items/${table}/${key(turn)}`, change(turn)));
  const read = (table: string, query: (turn: number) => string) =>
    place("reader", table, (turn) => ask("GET", `/items/${table}${query(turn)}`));
  const description = (turn: number) => ({ description: `Edited ${turn}` });
  const labels: number[] = [];
  let rules: readonly Rule[] | undefined;

  return [
    edit("governance_registry", (turn) => pick(turn, AGENCIES), description),
    place("writer", "governance_registry", (turn) =>
      turn % 2
        ? ask("DELETE", "/items/governance_registry/GOV-BENCH")
        : ask("POST", "/items/governance_registry", { code: "GOV-BENCH", name: "Bench", agency_kind: "operator" }),
    ),
    place(
      "writer",
      "entity_labels",
      async (turn) => {
        rules ??= (await ask("GET", "/items/label_rules?limit=-1")) as Rule[];
        const label = labelBy(rules[turn % rules.length], turn);
        labels.push(((await ask("POST", "/items/entity_labels", label)) as { id: number }).id);
      },
      LABEL_MS,
    ),
    place("writer", "entity_labels", () => {
      const old = labels.splice(0, Math.max(0, labels.length - KEPT));
      return old.length ? ask("DELETE", "/items/entity_labels", old) : Promise.resolve();
    }),
    edit("taxonomy", (turn) => 1 + (turn % 50), description),
    edit(
      "label_rules",
      (turn) => 1 + (turn % 30),
      (turn) => ({ priority: 100 + (turn % 7) }),
    ),
    edit("collection_registry", row, description),
    place("writer", "event_outbox", (turn) => ask("POST", "/items/event_outbox", eventAbout(turn))),
    edit("birth_registry", row, (turn) => ({ certified: turn % 2 === 0 })),
    edit("system_issues", row, (turn) => ({ occurrence_count: turn })),
    read("governance_registry", () => "?sort=code"),
    read("governance_registry", (turn) => `/${pick(turn, AGENCIES)}`),
    read("governance_object_ownership", () => "?filter[object_type][_eq]=group"),
    read("entity_labels", () => "?sort=-id&limit=25"),
    read("entity_labels", (turn) => `/${row(turn)}?fields=*,rule_id.*`),
    read("collection_registry", () => "?filter[group][_eq]=GRP-GOVERNANCE"),
    read("taxonomy", () => "?fields=*,facet_id.*&limit=-1"),
    read("label_rules", () => "?sort=priority"),
    read("approval_requests", () => "?limit=25"),
    read("event_outbox", () => "?sort=-id&limit=25"),
  ];
}

/** How many of its labels the application keeps. */
const KEPT = 20;

interface Rule {
  readonly id: number;
  readonly condition: { readonly collection: string };
  readonly label_code: string;
}

function labelBy({ id, condition, label_code }: Rule, turn: number): object {
  const assigned = { assigned_by: "rule", assigned_at: new Date().toISOString().slice(0, 19) };
  return { entity_type: condition.collection, entity_code: `bench-${turn}`, label_code, rule_id: id, ...assigned };
}

function eventAbout(turn: number): object {
  const of = { event_domain: "workflow", event_type: "step.finished", event_stream: "workflow.step" };
  return { ...of, delivery_lane: "batch", canonical_address: `collections/${row(turn)}` };
}
