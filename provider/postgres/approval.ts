import type { ApprovalInForce } from "../model/access";
import type { Signature } from "../model/signature";
import type { Session } from "./session";

/** Where and which, in the table of the schema `access`, whose owner the caller has made sure of. */
const inForceIn = (access: string) =>
  `FROM ${access}.approval AS given WHERE withdrawn_at IS NULL AND valid_until > clock_timestamp() ORDER BY id DESC LIMIT 1`;

/** The approval that is in force. */
export async function approvalInForce(session: Session, access: string): Promise<ApprovalInForce | undefined> {
  const [inForce] = await session.query<{ [Key in keyof ApprovalInForce]: string }>(
    `SELECT release, request, approved_by AS "approvedBy", to_jsonb(valid_until) #>> '{}' AS "validUntil" ${inForceIn(access)}`,
  );
  return inForce;
}

/** The approval that is in force, as one of those who have signed. */
export function signedApproval(session: Session, access: string): Promise<Signature[]> {
  return session.query<Signature & Record<string, string | null>>(
    `SELECT $1 AS source, id::text AS key, approved_by AS signer, format('release %s under %s', release, request) AS decision,
            to_jsonb(approved_at) #>> '{}' AS "signedAt", encode(sha256(convert_to(to_jsonb(given.*)::text, 'UTF8')), 'hex') AS digest
     ${inForceIn(access)}`,
    [`${access}.approval`],
  );
}

/** Gives back the right to write: a rollout that has ended needs it no more. */
export async function giveBackApproval(session: Session): Promise<void> {
  const { acting } = session;
  if (acting.as === "executor") await session.query(`SELECT ${acting.roles.access}.withdraw()`);
}
