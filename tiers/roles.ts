import type { Roles } from "../provider";

/** The roles of a production database; `access/` makes them. */
export const roles: Roles = {
  owner: "one_roof_owner",
  executor: "one_roof_executor",
  login: "one_roof_login",
  approver: "one_roof_approver",
  reader: "one_roof_reader",
  monitor: "one_roof_monitor",
  access: "one_roof_access",
};
