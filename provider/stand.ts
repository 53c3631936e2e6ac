import { PULUMI } from "./command";
import { declaredObjects } from "./contract";
import { findDrift } from "./drift";
import { RolloutError } from "./errors";
import type { LedgerRow } from "./ledger";
import type { Work } from "./rehearse";
import type { Release, TierScripts } from "./release";
import { isFirstTier, type Rollout, writes } from "./rollout";
import type { Session } from "./session";
import type { Parameters } from "./settings";
import { takeSnapshot } from "./snapshot";
import { BY_PSQL } from "./standing";

/** What a run is asked to do. */
export interface Wish {
  /** The last tier that shall be applied; -1 rolls everything back. */
  readonly throughTier: number;
  readonly parameters: Parameters;
  readonly rehearse: boolean;
  readonly acceptUnrehearsed: string;
  /** Which rollout may be taken over; see the configuration. */
  readonly adopt: string;
}

/** Where every tier stands, as the ledger has it. */
export interface Standing extends Work {
  /** Tiers that are there without a ledger and shall be taken over. */
  readonly adopted: readonly TierScripts[];
  readonly ledger: ReadonlyMap<number, LedgerRow>;
}

/** Compares what is wished with what the ledger holds. Throws when the ledger has a gap. */
export async function stand(
  session: Session,
  release: Release,
  ledger: ReadonlyMap<number, LedgerRow>,
  { throughTier, adopt }: Wish,
): Promise<Standing> {
  requireUnbroken(release.rollout, ledger);
  const wanted = release.tiers.filter(({ declaration }) => declaration.tier <= throughTier);
  const doomed = release.tiers.flatMap((scripts) => {
    const row = ledger.get(scripts.declaration.tier);
    return row && scripts.declaration.tier > throughTier ? [{ scripts, ledger: row }] : [];
  });
  const missing = wanted.some(({ declaration }) => writes(declaration) && !ledger.has(declaration.tier));
  const pending =
    missing || ledger.size === 0
      ? wanted.filter((scripts) => isPending(release.rollout, scripts, ledger))
      : trailing(wanted);
  const adopted = ledger.size === 0 && adopt === BY_PSQL ? await runByPsql(session, release, wanted) : [];
  const applied = adopted.length ? trailing(wanted) : pending;
  return { ledger, pending: doomed.length ? [] : applied, doomed, adopted };
}

/** All tiers that write, if any object that they declare is there; without one there is nothing to take over. */
async function runByPsql(
  session: Session,
  { rollout }: Release,
  wanted: readonly TierScripts[],
): Promise<TierScripts[]> {
  const { objects } = await takeSnapshot(session, [rollout.ledgerSchema]);
  const writing = wanted.filter(({ declaration }) => writes(declaration));
  return writing.some(({ declaration }) => declaredObjects(declaration.delta).some((key) => objects.has(key)))
    ? writing
    : [];
}

/** Tiers that write are pending until the ledger holds them; the first only before all, the others after all. */
function isPending(rollout: Rollout, { declaration }: TierScripts, ledger: ReadonlyMap<number, LedgerRow>): boolean {
  if (isFirstTier(rollout, declaration.tier)) return ledger.size === 0;
  return !ledger.has(declaration.tier);
}

/** With nothing left to write, the closing verification still tells whether what it demands holds. */
function trailing(wanted: readonly TierScripts[]): TierScripts[] {
  return wanted.slice(1).filter(({ declaration }) => !writes(declaration));
}

function requireUnbroken(rollout: Rollout, ledger: ReadonlyMap<number, LedgerRow>): void {
  const writing = rollout.tiers.filter(writes).map(({ tier }) => tier);
  const gap = writing.findIndex((tier) => !ledger.has(tier));
  const beyond = gap < 0 ? [] : writing.slice(gap).filter((tier) => ledger.has(tier));
  if (!beyond.length) return;
  throw new RolloutError(
    `The ledger is broken: tier ${String(writing[gap])} is missing, but ${beyond.join(", ")} are applied. Nothing was ` +
      `changed. Roll the later tiers back first (${PULUMI} config set throughTier ${String((writing[gap] ?? 1) - 1)}; ` +
      `${PULUMI} up), then roll out again.`,
  );
}

/** Drift of every tier that is applied and shall stay, by tier. Nothing to measure costs nothing. */
export async function measureDrift(
  session: Session,
  { tiers, rollout }: Release,
  { ledger }: Standing,
  throughTier: number,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const staying = tiers.filter(({ declaration: { tier } }) => tier <= throughTier && ledger.has(tier));
  if (!staying.length) return new Map();
  const snapshot = await takeSnapshot(session, [rollout.ledgerSchema]);
  const drift = new Map<number, readonly string[]>();
  for (const { declaration } of staying) {
    const row = ledger.get(declaration.tier);
    if (row) drift.set(declaration.tier, await findDrift(session, declaration, row, snapshot));
  }
  return drift;
}
