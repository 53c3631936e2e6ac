import type { Context } from "../context";
import type { ApprovalInForce, DeclareAccess } from "../model/access";
import type { RunRequest } from "../model/configuration";
import type { Finding } from "../model/findings";
import { valueOf } from "../model/gates";
import { auditAccess } from "../postgres/access";
import { approvalInForce } from "../postgres/approval";

/**
 * What keeps this login from rolling this release out, beside the gates: no roles where they are demanded, an approval that
 * names another release or request, rights that are not as declared, and a login that could bend what judges it.
 */
export async function judgeAccess(
  context: Context,
  release: string,
  { access: demanded }: RunRequest,
  declare?: DeclareAccess,
): Promise<Finding[]> {
  const { session, options } = context;
  if (session.acting.as === "login") return demanded === "required" ? [{ is: "no roles" }] : [];
  if (!declare) return judgeOwnApproval(context, release);
  const audit = await auditAccess(session, declare(options.readerRoles.split(",").filter(Boolean)));
  const differences = [...audit.findings, ...(demanded === "required" ? audit.session : [])];
  return [
    ...judgeApproval(context, release, audit.inForce),
    ...differences.map((difference): Finding => ({ is: "access", difference })),
  ];
}

/** The approval alone, before each tier: it may have ended, or another have taken its place, since the run was judged. */
export async function judgeOwnApproval(context: Context, release: string): Promise<Finding[]> {
  const { acting } = context.session;
  if (acting.as === "login") return [];
  const inForce = acting.as === "executor" ? await approvalInForce(context.session, acting.roles.access) : undefined;
  return judgeApproval(context, release, inForce);
}

function judgeApproval(
  { release: { rollout }, parameters }: Context,
  release: string,
  approval?: ApprovalInForce,
): Finding[] {
  const request = rollout.requestParameter === undefined ? "" : valueOf(rollout, parameters, rollout.requestParameter);
  const wanted = { release, request };
  if (!approval) return [{ is: "not approved", wanted }];
  const same = approval.release === release && approval.request === request;
  return same ? [] : [{ is: "not approved", wanted, approval }];
}
