import type { AccessDeclaration, AccessFacts, AccessFinding, ApprovalInForce } from "../model/access";
import { compareAccess, judgeSession } from "../model/compare-access";
import type { Roles } from "../model/rollout";
import { ACCESS_FACTS } from "./access-facts";
import type { Session } from "./session";

/** What an audit tells. */
export interface AccessAudit {
  /** Why roles take no part in this database; nothing of its approvals is believed then. */
  readonly absent?: string;
  readonly inForce?: ApprovalInForce;
  /** How the database differs from what is declared. */
  readonly findings: readonly AccessFinding[];
  /** Why the login of this session must not carry a rollout through. */
  readonly session: readonly AccessFinding[];
}

/** Compares who may do what in the session's database with the declaration. Reads only, in two questions. */
export async function auditAccess(session: Session, declaration: AccessDeclaration): Promise<AccessAudit> {
  const { names, owned, grants, approvals } = declaration;
  const schemas = owned.filter(({ kind }) => kind === "schema").map(({ object }) => object);
  const [first] = await session.query<{ facts: AccessFacts }>(ACCESS_FACTS, [
    Object.values(names),
    schemas,
    owned.map(({ object }) => object),
    grants.map(({ object }) => object),
    approvals,
    names.approver,
  ]);
  if (!first) throw new Error("The catalogs answered nothing.");
  const { facts } = first;
  const judged = judgeSession(facts);
  const absent = whyAbsent(names, facts);
  if (absent !== undefined) return { absent, findings: [], session: judged };
  const inForce = await approvalInForce(session, names, facts);
  const findings = [...unread(names, facts), ...compareAccess(declaration, facts, inForce)];
  return { ...(inForce && { inForce }), findings, session: judged };
}

/** Who may not read approvals cannot tell whether one is in force: it is told, and none is taken to be. */
function unread({ access }: Roles, facts: AccessFacts): AccessFinding[] {
  const table = `${access}.approval`;
  const { reads, login } = facts.session;
  const isHidden = hasApprovals(access, facts) && !reads.includes(table);
  return isHidden ? [{ problem: "missing", role: login, privilege: "SELECT", object: `table ${table}` }] : [];
}

/** Anything but the owner's own plain table would say what somebody else wants; the comparison names it. */
function hasApprovals(access: string, { objects }: AccessFacts): boolean {
  return objects.some(
    ({ kind, object, owner, runs }) =>
      kind === "table" && object === `${access}.approval` && owner === access && runs === "r",
  );
}

/** Roles take part where the schema of approvals belongs to the role of that name, and nowhere else. */
function whyAbsent({ access }: Roles, { objects }: AccessFacts): string | undefined {
  const schema = objects.find(({ kind, object }) => kind === "schema" && object === access);
  if (!schema) return `there is no schema ${access}`;
  return schema.owner === access ? undefined : `schema ${access} belongs to ${schema.owner}, not to ${access}`;
}

async function approvalInForce(
  session: Session,
  { access }: Roles,
  facts: AccessFacts,
): Promise<ApprovalInForce | undefined> {
  if (!hasApprovals(access, facts) || !facts.session.reads.includes(`${access}.approval`)) return undefined;
  const [inForce] = await session.query<{ [Key in keyof ApprovalInForce]: string }>(
    `SELECT release, request, approved_by AS "approvedBy", to_jsonb(valid_until) #>> '{}' AS "validUntil"
     FROM ${access}.approval WHERE withdrawn_at IS NULL AND valid_until > clock_timestamp() ORDER BY id DESC LIMIT 1`,
  );
  return inForce;
}
