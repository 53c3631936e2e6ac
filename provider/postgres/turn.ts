import { RolloutError } from "../model/errors";
import type { Rollout } from "../model/rollout";
import { failureOf } from "./failed";
import type { Waiting } from "./retry";
import { withRolloutLock } from "./transaction";

/** Does the work under the rollout's lock. That others never let go of it is another failure than what the work itself refuses. */
export async function inTurn<T>(waiting: Waiting, rollout: Rollout, work: () => Promise<T>): Promise<T> {
  let began = false;
  try {
    return await withRolloutLock(waiting, rollout, () => {
      began = true;
      return work();
    });
  } catch (error) {
    if (began || !(error instanceof RolloutError) || failureOf(error) !== "refused") throw error;
    throw new RolloutError(error.message, error.code, { cause: error, failed: "locked" });
  }
}
