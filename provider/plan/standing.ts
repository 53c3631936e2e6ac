import { messageOf, RolloutError } from "../model/errors";
import { requireUnbroken } from "../model/guards";
import type { Parameters } from "../model/gates";
import { type TierDeclaration, writes } from "../model/rollout";
import { isAccepted } from "../ledger/acceptance";
import { type LedgerRow, readLedger } from "../ledger/ledger";
import { leavesItsOwn, standingTiers } from "../ledger/presence";
import type { Session } from "../postgres/session";
import { ConnectionLost } from "../postgres/sqlstate";
import type { Project } from "../release/release";
import { readTierTexts, type TierTexts } from "../release/tier-digest";
import { measureDrift, requireOthersAbsent } from "./pending";

/** Where a rollout stands, as database, ledger and files have it. */
export interface Standing {
  /** Tiers that write and stand, in order. */
  readonly tiers: readonly number[];
  /** The first tier that writes and does not stand; none where all do. */
  readonly next?: TierDeclaration;
  /** What the ledger calls applied. */
  readonly ledger: ReadonlyMap<number, LedgerRow>;
  /** Why the ledger is not believed. */
  readonly contradiction?: string;
  /** How each tier of the ledger differs from what was applied. */
  readonly drift: ReadonlyMap<number, readonly string[]>;
  /** The files that are here, of each tier that writes. */
  readonly texts: readonly TierTexts[];
}

/** Looks where the rollout stands. Reads only. Throws when the server fails, not when the ledger is none to believe. */
export async function lookAtStanding(
  session: Session,
  { root, rollout }: Project,
  parameters: Parameters,
): Promise<Standing> {
  const writing = rollout.tiers.filter(writes);
  const reading = Promise.all(writing.map((declaration) => readTierTexts(root, declaration, parameters)));
  const seen = await standingTiers(session, rollout);
  let ledger: ReadonlyMap<number, LedgerRow> = new Map();
  const contradiction = await refusalOf(async () => {
    ledger = await readLedger(session, rollout);
    requireUnbroken(rollout, ledger);
    if (ledger.size) await requireOthersAbsent({ session, release: { rollout } }, ledger);
  });
  const texts = await reading;
  // Of one that only changes what earlier ones have made there is nothing to see: the ledger tells.
  const stands = (each: TierDeclaration) => seen.includes(each) || (!leavesItsOwn(each) && ledger.has(each.tier));
  const tiers = writing.filter(stands).map(({ tier }) => tier);
  const next = writing.find((each) => !stands(each));
  return {
    tiers,
    ...(next && { next }),
    ledger,
    ...(contradiction !== undefined && { contradiction }),
    drift: await measureDrift(session, rollout, texts, ledger),
    texts,
  };
}

async function refusalOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof RolloutError) || error instanceof ConnectionLost) throw error;
    return messageOf(error);
  }
}

/** Tiers that have drifted, without those whose drift was accepted by its hash. */
export function driftedTiers({ drift }: Pick<Standing, "drift">): [tier: number, differences: readonly string[]][] {
  return [...drift].filter(([tier, differences]) => differences.length > 0 && !isAccepted(tier, differences));
}

/** Applied tiers whose files or parameters are others than those that they were applied with. */
export function editedTiers({ ledger, texts }: Pick<Standing, "ledger" | "texts">): number[] {
  return texts.flatMap(({ declaration: { tier }, digest }) => {
    const recorded = ledger.get(tier);
    return recorded && recorded.digest !== digest ? [tier] : [];
  });
}
