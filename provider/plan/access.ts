import type { Context } from "../context";
import type { RunRequest } from "../model/configuration";
import type { Finding } from "../model/findings";
import { valueOf } from "../model/gates";
import { approvalInForce } from "../postgres/approval";

/**
 * What keeps this login from rolling this release out, beside the gates: no roles where they are demanded, or an
 * approval that names another release or request.
 */
export async function judgeAccess(
  context: Context,
  release: string,
  { access }: Pick<RunRequest, "access">,
): Promise<Finding[]> {
  const { session, parameters } = context;
  const { rollout } = context.release;
  if (session.acting.as === "login") return access === "required" ? [{ is: "no roles" }] : [];
  const request = rollout.requestParameter === undefined ? "" : valueOf(rollout, parameters, rollout.requestParameter);
  const approval = session.acting.as === "executor" ? await approvalInForce(session) : undefined;
  const wanted = { release, request };
  if (!approval) return [{ is: "not approved", wanted }];
  const same = approval.release === release && approval.request === request;
  return same ? [] : [{ is: "not approved", wanted, approval }];
}
