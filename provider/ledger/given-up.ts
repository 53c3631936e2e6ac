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
    const { stands } = await whatStands(context);
    throw new RolloutError(
      `${error.message} ${stands} Wait until nobody is in the way any more, or have the session ended, then run the same command again.`,
      error.code,
      { cause: error },
    );
  }
}

/** What the ledger calls applied, in a sentence, and whether there is anything to take back. It can be what others lock. */
export async function whatStands({ session, release }: Context): Promise<{ stands: string; isNothing: boolean }> {
  try {
    const tiers = [...(await readLedger(session, release.rollout)).keys()];
    if (!tiers.length) return { stands: "No tier is applied.", isNothing: true };
    const applied = describeTiers(tiers);
    const stands = `${applied.charAt(0).toUpperCase()}${applied.slice(1)} ${tiers.length === 1 ? "stays" : "stay"} applied.`;
    return { stands, isNothing: false };
  } catch {
    return { stands: "The ledger, which knows what is applied, could not be read.", isNothing: false };
  }
}
