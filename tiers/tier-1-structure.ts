import type { TierDeclaration } from "../provider";
import { entry, exit, GUARDS } from "./gates";
import { FUNCTIONS, TABLES, VIEWS } from "./objects";

/** All structure precedes all seeds: 11 tables, 31 views and the scan function, inert. */
export const structure: TierDeclaration = {
  tier: 1,
  name: "structure",
  title: "Structure",
  apply: "sql/prod/10_structure.sql",
  rollback: "sql/prod_rollback/99_rollback_full.sql",
  gates: [
    ...GUARDS,
    entry("prerequisite_views", "=", "5"),
    entry("axis_objects", "in", "0,43"),
    entry("structure", "in", "not there,as defined"),
    exit("axis_objects", "=", "43"),
    exit("structure_rows", "=", "0"),
    exit("structure", "=", "as defined"),
    exit("foreign_privileges", "=", "none"),
  ],
  delta: {
    objects: { table: TABLES, view: VIEWS, function: FUNCTIONS },
    rows: {},
    // The foreign key of axis_object_ownership points to it.
    locks: ["public.governance_registry"],
    readings: {
      axis_objects: { before: 0, after: 43 },
      // Measured again behind the file's own gates: nothing after them may alter or give away what was created.
      structure: { before: "not there", after: "as defined" },
      foreign_privileges: { before: "none", after: "none" },
    },
  },
  parameters: ["database"],
};
