import { codeOf, RolloutError } from "../model/errors";
import type { Failed } from "../model/outcome";
import { ConnectionLost, isRetryable } from "./sqlstate";

/** What Node.js and the server call a connection that could not be had, or that ended. */
const UNREACHABLE = /^(E(AI_AGAIN|CONN\w+|HOSTUNREACH|NETUNREACH|NOTFOUND|PIPE|TIMEDOUT)|08...|57P0.|25P03|53300)$/;

/** What a server says that forbids something: a missing right, a server that takes no writes, an exception that our own SQL raises. */
const REFUSED = /^(42501|25006|P0001|OR001)$/;

/** What kind of failure was thrown, for the exit code. A refusal in our own words is one unless it says what else it is. */
export function failureOf(error: unknown): Failed {
  if (error instanceof RolloutError && error.failed) return error.failed;
  if (isRetryable(error)) return "locked";
  if (error instanceof ConnectionLost || UNREACHABLE.test(codeOf(error) ?? "")) return "unreachable";
  return error instanceof RolloutError || REFUSED.test(codeOf(error) ?? "") ? "refused" : "defect";
}
