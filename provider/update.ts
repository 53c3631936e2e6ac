import { create } from "./create";
import type { TierInputs, TierState } from "./inputs";

/**
 * Applies a tier that the state holds and the ledger does not, with everything that `create` demands. The first
 * tier keeps its rollout id.
 */
export async function update(_id: string, olds: TierState, news: TierInputs): Promise<{ outs: TierState }> {
  const { outs } = await create({ ...news, rolloutId: news.rolloutId ?? olds.rolloutId });
  return { outs };
}
