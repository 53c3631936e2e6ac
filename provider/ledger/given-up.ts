import type { Context } from "../context";
import { describeTiers } from "../model/describe-ledger";
import { RolloutError } from "../model/errors";
import { GivenUp } from "../postgres/retry";
import { readLedger } from "./ledger";

/** Does the work; where it is given up because others are in the way, adds what stands and what to run next. */
export async function tellGivenUp<T>(context: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error;
    const stands = await whatStands(context);
    throw new RolloutError(
      `${error.message} ${stands} Wait until nobody is in the way any more, or have the session ended, then run the same command again.`,
      error.code,
      { cause: error },
    );
  }
}

/** What the ledger calls applied. It can be what others lock. */
async function whatStands({ session, release }: Context): Promise<string> {
  try {
    const tiers = [...(await readLedger(session, release.rollout)).keys()];
    if (!tiers.length) return "No tier is applied.";
    const applied = describeTiers(tiers);
    return `${applied.charAt(0).toUpperCase()}${applied.slice(1)} ${tiers.length === 1 ? "stays" : "stay"} applied.`;
  } catch {
    return "The ledger, which knows what is applied, could not be read.";
  }
}
