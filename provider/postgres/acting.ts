import type { Client } from "pg";
import { approveCommand } from "../model/command";
import { RolloutError } from "../model/errors";
import { inLine } from "../model/harmless";
import type { Roles } from "../model/rollout";
import type { Session } from "./session";

/**
 * With whose rights a session works: as the executor, where the rollout's roles take part in the database and the login may
 * become it; `unapproved` where they take part and it may not; with its own rights elsewhere.
 */
export type Acting =
  | { readonly as: "login" }
  | { readonly as: "executor"; readonly roles: Roles }
  | { readonly as: "unapproved"; readonly roles: Roles; readonly login: string };

/*
 * A schema of that name which somebody else has made means nothing: the role that owns the true one cannot be
 * made without the right to make roles.
 */
const MEMBERSHIP = `
SELECT pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER') AS member, session_user AS login
FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.rolname = $2
WHERE n.nspname = $1 AND pg_catalog.pg_get_userbyid(n.nspowner) = $1`;

/** Makes a fresh session work as the executor, where it can. */
export async function actAsExecutor(client: Client, roles: Roles | undefined): Promise<Acting> {
  if (!roles) return { as: "login" };
  const { rows } = await client.query<{ member: boolean; login: string }>(MEMBERSHIP, [roles.access, roles.executor]);
  const [found] = rows;
  if (!found) return { as: "login" };
  if (!found.member) return { as: "unapproved", roles, login: found.login };
  await client.query(`SET ROLE ${client.escapeIdentifier(roles.executor)}`);
  return { as: "executor", roles };
}

/** Does in the open transaction what only the owner may: what is made belongs to the owner, not to the login. */
export async function asOwner<T>(session: Session, work: () => Promise<T>): Promise<T> {
  const { acting } = session;
  if (acting.as !== "executor") return work();
  await session.query(`SET LOCAL ROLE "${acting.roles.owner}"`);
  const result = await work();
  await asExecutor(session);
  return result;
}

/** Goes back to work as the executor in the open transaction, where the session does. */
export async function asExecutor(session: Session): Promise<void> {
  const { acting } = session;
  if (acting.as === "executor") await session.query(`SET LOCAL ROLE "${acting.roles.executor}"`);
}

/** Why this session may not write, and who can change that; undefined where it may. */
export function whyUnapproved({ acting, target }: Pick<Session, "acting" | "target">): string | undefined {
  if (acting.as !== "unapproved") return undefined;
  const { access, executor, login } = acting.roles;
  if (acting.login !== login)
    return `${inLine(acting.login)} may not write on ${target.database}: only ${login} may, while an approval is in force`;
  return (
    `no approval is in force on ${target.database}, so this login may not become ${executor}. Have an approver run ` +
    `${approveCommand(access)}, then run the same command again`
  );
}

/** Refuses to go on where roles take part and the login was not given its part. */
export function requireApproved(session: Session): void {
  const why = whyUnapproved(session);
  if (why) throw new RolloutError(`Refused: ${why}. Nothing was changed.`);
}
