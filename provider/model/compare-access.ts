/** Compares who may do what with what is declared. Pure; the names come from a rollout's declaration. */
import type {
  AccessDeclaration,
  AccessFacts,
  AccessFinding,
  ApprovalInForce,
  FoundMembership,
  FoundObject,
  Grant,
  Membership,
} from "./access";

/** How the functions of approval have to run. */
export const RUNS_AS_OWNER = "plpgsql, as its owner, search_path=pg_catalog, pg_temp, DateStyle=ISO, YMD, TimeZone=UTC";

/** Everything by which a database differs from the declaration, in the order in which it is told. */
export function compareAccess(
  declaration: AccessDeclaration,
  facts: AccessFacts,
  inForce: ApprovalInForce | undefined,
): AccessFinding[] {
  return [
    ...roleFindings(declaration, facts, inForce),
    ...membershipFindings(declaration, facts, inForce !== undefined),
    ...ownerFindings(declaration, facts),
    ...undeclaredGrants(declaration, facts),
    ...missingGrants(declaration, facts),
  ];
}

/** Why the login of this session must not carry a rollout through: it could bend the gates that judge it. */
export function judgeSession({ session }: AccessFacts): AccessFinding[] {
  const refused = (privilege: string, object = ""): AccessFinding => ({
    problem: "refused",
    role: session.login,
    privilege,
    object,
  });
  // It may do everything, so there is nothing more to say.
  if (session.superuser) return [refused("SUPERUSER")];
  return [
    ...(session.createRole ? [refused("CREATEROLE")] : []),
    ...(session.approver ? [refused("the right to approve")] : []),
    ...session.writes.map((table) => refused("the right to write", `table ${table}`)),
    ...session.owns.map((table) => refused("ownership", `table ${table}`)),
  ];
}

function roleFindings(
  { roles, names }: AccessDeclaration,
  facts: AccessFacts,
  inForce: ApprovalInForce | undefined,
): AccessFinding[] {
  return roles.flatMap(({ name, attributes, settings }): AccessFinding[] => {
    const found = facts.roles.find((role) => role.name === name);
    if (!found) return [{ problem: "missing", role: name, privilege: "the role itself", object: "" }];
    const until = found.validUntil === null ? Infinity : Date.parse(found.validUntil);
    const allowed = Date.parse(inForce?.validUntil ?? facts.now);
    return [
      ...without(found.attributes, attributes).map((privilege) => undeclared(name, privilege)),
      ...without(attributes, found.attributes).map((privilege) => missing(name, privilege)),
      ...without(
        Object.entries(settings).map(([key, value]) => `${key}=${value}`),
        found.settings,
      ).map((setting) => missing(name, `the setting ${setting}`)),
      ...(name === names.login && until > allowed ? [undeclared(name, "a valid password")] : []),
    ];
  });
}

function membershipFindings(
  { names, memberships, administrators }: AccessDeclaration,
  facts: AccessFacts,
  inForce: boolean,
): AccessFinding[] {
  const taken: Membership[] = [names.owner, names.executor].map((role) => ({ role, member: names.login }));
  const expected = [...memberships, ...(inForce ? taken : [])];
  const own = new Set<string>(Object.values(names));
  const isAllowed = ({ role, member, admin, inherit }: FoundMembership): boolean => {
    if (administrators.includes(member) && own.has(role)) return true;
    // Who approves is a matter of people: members are not declared, but none of ours is one, and none makes others one.
    if (role === names.approver) return !own.has(member) && !admin;
    const declared = expected.find((each) => each.role === role && each.member === member);
    return declared !== undefined && (!admin || declared.admin === true) && !(inherit && member === names.login);
  };
  const told = ({ admin }: { admin?: boolean }) => (admin ? "membership with ADMIN OPTION" : "membership");
  return [
    ...facts.memberships
      .filter((found) => !isAllowed(found))
      .map((found) => undeclared(found.member, told(found), `role ${found.role}`)),
    ...expected
      .filter(
        ({ role, member, admin }) =>
          !facts.memberships.some((found) => found.role === role && found.member === member && (!admin || found.admin)),
      )
      .map((each) => missing(each.member, told(each), `role ${each.role}`)),
  ];
}

function ownerFindings({ owned, bodies, names }: AccessDeclaration, { objects }: AccessFacts): AccessFinding[] {
  const ownerOf = ({ kind, object, of }: FoundObject) =>
    owned.find((each) => (kind === "sequence" ? each.object === of : each.kind === kind && each.object === object))
      ?.owner;
  const wrong = objects
    .filter((found) => found.ours && ownerOf(found) !== found.owner)
    .map((found) => undeclared(found.owner, "ownership", `${found.kind} ${found.object}`));
  const absent = owned
    .filter(
      ({ by, kind, object }) =>
        by === undefined && !objects.some((each) => each.kind === kind && each.object === object),
    )
    .map(({ kind, object, owner }) => missing(owner, "ownership", `${kind} ${object}`));
  const changed = objects
    .filter(({ object, body, runs }) => object in bodies && (body !== bodies[object] || runs !== RUNS_AS_OWNER))
    .map(({ object }): AccessFinding => ({
      problem: "changed",
      role: names.access,
      privilege: "the definition",
      object: `function ${object}`,
    }));
  return [...wrong, ...absent, ...changed];
}

function undeclaredGrants({ grants }: AccessDeclaration, facts: AccessFacts): AccessFinding[] {
  return facts.grants
    .filter(
      (found) =>
        found.grantable ||
        !grants.some(
          (grant) => grant.role === found.role && covers(grant, found) && grant.privileges.includes(found.privilege),
        ),
    )
    .map(({ role, privilege, grantable, kind, object }) =>
      undeclared(role, grantable ? `${privilege} WITH GRANT OPTION` : privilege, `${kind} ${object}`),
    );
}

function missingGrants({ grants }: AccessDeclaration, facts: AccessFacts): AccessFinding[] {
  return grants
    .filter(({ by }) => by !== "default")
    .flatMap((grant) => {
      const objects = facts.objects.filter((each) => covers(grant, each));
      const isExpectedWithout = grant.by === undefined && grant.kind !== "sequences";
      if (!objects.length && isExpectedWithout) {
        return grant.privileges.map((privilege) => missing(grant.role, privilege, `${grant.kind} ${grant.object}`));
      }
      return objects.flatMap(({ kind, object, owner }) =>
        grant.privileges
          .filter(
            (privilege) =>
              owner !== grant.role &&
              !facts.grants.some(
                (found) =>
                  found.role === grant.role &&
                  found.kind === kind &&
                  found.object === object &&
                  found.privilege === privilege,
              ),
          )
          .map((privilege) => missing(grant.role, privilege, `${kind} ${object}`)),
      );
    });
}

/** Whether a declared grant is about this object. */
function covers(grant: Grant, found: Pick<FoundObject, "kind" | "object" | "of">): boolean {
  if (grant.kind === "database") return found.kind === "database";
  if (grant.kind === "sequences") return found.kind === "sequence" && found.of === grant.object;
  return found.kind === grant.kind && found.object === grant.object;
}

function undeclared(role: string, privilege: string, object = ""): AccessFinding {
  return { problem: "undeclared", role, privilege, object };
}

function missing(role: string, privilege: string, object = ""): AccessFinding {
  return { problem: "missing", role, privilege, object };
}

function without(all: readonly string[], some: readonly string[]): string[] {
  return all.filter((each) => !some.includes(each));
}
