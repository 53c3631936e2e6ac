import type { Context } from "../context";
import { BY_PSQL, type RunRequest } from "../model/configuration";
import { declaredObjects } from "../model/delta";
import { requireKnownTiers, requireUnbroken } from "../model/guards";
import { isAfter, isFirstTier, type Rollout, writes } from "../model/rollout";
import { takeSnapshot } from "../postgres/catalog-snapshot";
import { findDrift } from "../ledger/drift";
import { withEvidence } from "../ledger/evidence";
import { type LedgerRow, readLedger } from "../ledger/ledger";
import { findUnfounded, requireAbsent } from "../ledger/presence";
import { heldTo } from "../ledger/record";
import type { Session } from "../postgres/session";
import type { Release, TierScripts } from "../release/release";

/** A tier to roll back, with what the ledger recorded when it was applied. */
export interface TierToRollBack {
  readonly scripts: TierScripts;
  readonly recorded: LedgerRow;
}

/** What a run has to do, up or down, never both. */
export interface Pending {
  readonly pending: readonly TierScripts[];
  readonly toRollBack: readonly TierToRollBack[];
}

/** Where every tier is, as the ledger and the database have it, and so what there is to do. */
export interface LedgerStatus extends Pending {
  readonly ledger: ReadonlyMap<number, LedgerRow>;
  /** Tiers that are there without a ledger and shall be taken over. */
  readonly adopted: readonly TierScripts[];
  /** How every applied tier that stays differs from what was applied, by tier. */
  readonly drift: ReadonlyMap<number, readonly string[]>;
}

/** Compares what the run is asked to do with what the ledger holds. Throws when the ledger has a gap. */
export async function resolvePending(context: Context, request: RunRequest): Promise<LedgerStatus> {
  const { session, release, options } = context;
  const { throughTier, adopt } = request;
  const ledger = await withEvidence(options.evidence, await readLedger(session, release.rollout));
  requireKnownTiers(release.rollout, ledger.values());
  requireUnbroken(release.rollout, ledger);
  // Where nothing was rolled out the gates of the way up judge what is there.
  if (ledger.size || throughTier < 0) await requireOthersAbsent(context, ledger);
  const isBeyond = (tier: number) => isAfter(release.rollout, tier, throughTier);
  const wanted = release.tiers.filter(({ declaration }) => !isBeyond(declaration.tier));
  const toRollBack = release.tiers.flatMap((scripts) => {
    const recorded = ledger.get(scripts.declaration.tier);
    return recorded && isBeyond(scripts.declaration.tier) ? [{ scripts, recorded }] : [];
  });
  const adopted = ledger.size === 0 && adopt === BY_PSQL ? await runByPsql(context, wanted) : [];
  const pending = toRollBack.length ? [] : adopted.length ? trailing(wanted) : missing(context, wanted, ledger);
  return { ledger, pending, toRollBack, adopted, drift: await measureDrift(session, release.rollout, wanted, ledger) };
}

/** Of the tiers that a ledger does not call applied nothing may be there: it has lost their rows, or they were run by hand. */
export async function requireOthersAbsent(
  { session, release: { rollout } }: Pick<Context, "session"> & { readonly release: Pick<Release, "rollout"> },
  ledger: ReadonlyMap<number, LedgerRow>,
): Promise<void> {
  const others = rollout.tiers.filter((declaration) => writes(declaration) && !ledger.has(declaration.tier));
  if (!others.length) return;
  const snapshot = await takeSnapshot(session, rollout.ledgerSchema);
  for (const declaration of others) await requireAbsent(session, declaration, snapshot);
}

/** All tiers that write, if any object that they declare is there; without one there is nothing to take over. */
async function runByPsql(
  { session, release: { rollout } }: Context,
  wanted: readonly TierScripts[],
): Promise<TierScripts[]> {
  const { objects } = await takeSnapshot(session, rollout.ledgerSchema);
  const writing = wanted.filter(({ declaration }) => writes(declaration));
  const isThere = writing.some(({ declaration }) =>
    declaredObjects(declaration.delta).some((object) => objects.has(object)),
  );
  return isThere ? writing : [];
}

/**
 * Tiers that write are pending until the ledger holds them; those that only read are run along with them: the first
 * before all, the others after all.
 */
function missing(
  { release: { rollout } }: Context,
  wanted: readonly TierScripts[],
  ledger: ReadonlyMap<number, LedgerRow>,
): TierScripts[] {
  const complete = wanted.every(({ declaration }) => !writes(declaration) || ledger.has(declaration.tier));
  if (complete && ledger.size > 0) return trailing(wanted);
  return wanted.filter(({ declaration: { tier } }) =>
    isFirstTier(rollout, tier) ? ledger.size === 0 : !ledger.has(tier),
  );
}

/** With nothing left to write, the closing verification still tells whether what it demands holds. */
function trailing(wanted: readonly TierScripts[]): TierScripts[] {
  return wanted.slice(1).filter(({ declaration }) => !writes(declaration));
}

/** Drift of those of the tiers that the ledger calls applied. Nothing to measure costs nothing. */
export async function measureDrift(
  session: Session,
  rollout: Rollout,
  tiers: readonly Pick<TierScripts, "declaration" | "digest">[],
  ledger: ReadonlyMap<number, LedgerRow>,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const drift = new Map<number, readonly string[]>();
  const staying = tiers.flatMap(({ declaration, digest }) => {
    const recorded = ledger.get(declaration.tier);
    return recorded ? [{ declaration, digest, recorded }] : [];
  });
  if (!staying.length) return drift;
  const snapshot = await takeSnapshot(session, rollout.ledgerSchema);
  for (const { declaration, digest, recorded } of staying) {
    const held = heldTo(declaration, recorded, ledger);
    const found = await findDrift(session, held.declaration, held.recorded, snapshot);
    // Another release's tier declared something else.
    const judged = !found.length && digest === recorded.digest;
    drift.set(declaration.tier, judged ? await findUnfounded(session, declaration, recorded, snapshot) : found);
  }
  return drift;
}
