import type { Context } from "../context";
import type { Signature } from "../model/signature";
import { signedApproval } from "../postgres/approval";

/**
 * Who has signed, as the open transaction sees it: what the rollout's own query tells, and the approval in force where the
 * rollout's roles take part.
 */
export async function takeSignatures({ session, release }: Context): Promise<Signature[]> {
  const { acting } = session;
  const signed = release.signatures
    ? await session.query<Signature & Record<string, string | null>>(
        `SELECT source, key, signer, decision, signed_at AS "signedAt", digest FROM (\n${release.signatures}\n) AS signed`,
      )
    : [];
  return acting.as === "executor" ? [...signed, ...(await signedApproval(session, acting.roles.access))] : signed;
}
