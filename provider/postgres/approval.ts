import type { ApprovalInForce } from "../model/access";
import type { Session } from "./session";

/** The approval that is in force, from the table of the schema `access`, whose owner the caller has made sure of. */
export async function approvalInForce(session: Session, access: string): Promise<ApprovalInForce | undefined> {
  const [inForce] = await session.query<{ [Key in keyof ApprovalInForce]: string }>(
    `SELECT release, request, approved_by AS "approvedBy", to_jsonb(valid_until) #>> '{}' AS "validUntil"
     FROM ${access}.approval WHERE withdrawn_at IS NULL AND valid_until > clock_timestamp() ORDER BY id DESC LIMIT 1`,
  );
  return inForce;
}

/** Gives back the right to write: a rollout that has ended needs it no more. */
export async function giveBackApproval(session: Session): Promise<void> {
  const { acting } = session;
  if (acting.as === "executor") await session.query(`SELECT ${acting.roles.access}.withdraw()`);
}
