import type { Session } from "./session";

/** What an approver has allowed, and until when. */
export interface Approval {
  /** Digest of the release that may be applied. */
  readonly release: string;
  /** Code of the request that it was ratified by. */
  readonly request: string;
  readonly approvedBy: string;
  /** ISO 8601 in UTC. */
  readonly validUntil: string;
}

/** The approval that is in force where roles take part; undefined where there is none. */
export async function approvalInForce(session: Session): Promise<Approval | undefined> {
  const { acting } = session;
  if (acting.as === "login") return undefined;
  const [approval] = await session.query<Approval>(
    `SELECT release, request, approved_by AS "approvedBy", to_char(valid_until, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "validUntil"
     FROM ${acting.roles.access}.approval WHERE withdrawn_at IS NULL AND valid_until > clock_timestamp() ORDER BY id DESC LIMIT 1`,
  );
  return approval;
}

/** Gives back the right to write: a rollout that has ended needs it no more. */
export async function giveBackApproval(session: Session): Promise<void> {
  const { acting } = session;
  if (acting.as === "executor") await session.query(`SELECT ${acting.roles.access}.withdraw()`);
}
