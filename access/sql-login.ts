/** The rights of one login that rolls out alone, in a database without the roles of this project, as on a clone. */
import type { AccessDeclaration, Grant } from "../provider";
import { createdGrants } from "./sql-grants";

/** A name that needs no quotes: it stands in statements as it is. */
const PLAIN_NAME = /^[a-z_][a-z0-9_$]{0,62}$/;

/**
 * One script, in one transaction, for a database of any name. What owner and executor have of the application together, and what they
 * have by their roles: it creates what the rollout makes, and sees other sessions. Throws for a name that would need quotes.
 */
export function loginSql({ names, grants, memberships }: AccessDeclaration, login: string): string {
  if (!PLAIN_NAME.test(login))
    throw new Error(`expected a login's plain name in small letters, found ${JSON.stringify(login)}`);
  const both = [names.owner, names.executor];
  const ofTheApplication = grants.filter(
    ({ by, role, kind, object }) =>
      by === undefined && both.includes(role) && ["table", "sequences"].includes(kind) && object.startsWith("public."),
  );
  const own: Grant[] = [
    // The schema of the ledger, and the objects of Tier 1.
    { role: login, kind: "database", object: "", privileges: ["CREATE"] },
    { role: login, kind: "schema", object: "public", privileges: ["CREATE"] },
    ...merged(ofTheApplication, login),
  ];
  const roles = new Set(
    memberships.filter(({ member, admin }) => both.includes(member) && !admin).map(({ role }) => role),
  );
  return [
    "BEGIN;",
    "SET LOCAL search_path = pg_catalog, pg_temp;",
    createdGrants(own),
    ...Array.from(roles, (role) => `GRANT ${role} TO ${login};`),
    "COMMIT;",
    "",
  ].join("\n");
}

/** One row for each object. */
function merged(grants: readonly Grant[], role: string): Grant[] {
  const byObject = new Map<string, Grant>();
  for (const grant of grants) {
    const key = `${grant.kind} ${grant.object}`;
    const privileges = new Set([...(byObject.get(key)?.privileges ?? []), ...grant.privileges]);
    byObject.set(key, { ...grant, role, privileges: Array.from(privileges) });
  }
  return Array.from(byObject.values());
}
