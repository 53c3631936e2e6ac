import { randomUUID } from "node:crypto";
import type { TierState } from "../../../provider/model/tier-inputs";

/** What a stack may hold, made of the states that an undisturbed rollout has left. */
export type Held = (complete: readonly TierState[]) => TierState[];

const upTo =
  (last: number): Held =>
  (complete) =>
    complete.filter(({ tier }) => tier <= last);

const edited =
  (tier: number, change: Partial<TierState>): Held =>
  (complete) =>
    complete.map((each) => (each.tier === tier ? { ...each, ...change } : each));

const ofAnotherRollout =
  (held: Held): Held =>
  (complete) => {
    const rolloutId = randomUUID();
    return held(complete).map((each) => ({
      ...each,
      rolloutId,
      ...(each.ledgerHash && { ledgerHash: "0".repeat(64) }),
    }));
  };

/** States, in every form in which a stack can come to hold them. A pending operation leaves what it had begun unknown: a prefix. */
export const HELD: Readonly<Record<string, Held>> = {
  nothing: () => [],
  "tier 0": upTo(0),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((tier): [string, Held] => [`tiers 0 to ${tier}`, upTo(tier)])),
  "all tiers": upTo(8),
  "edited: all tiers but the first": (complete) => complete.filter(({ tier }) => tier > 0),
  "tiers 0 to 3 of another rollout": ofAnotherRollout(upTo(3)),
  "all tiers of another rollout": ofAnotherRollout(upTo(8)),
  "edited: another hash in tier 3": edited(3, { ledgerHash: "f".repeat(64) }),
  "edited: another digest in tier 3": edited(3, { digest: "d".repeat(64) }),
  "edited: another database in tier 1": edited(1, { target: { database: "elsewhere", system: "1" } }),
};

export const isEdited = (held: string) => held.startsWith("edited");
