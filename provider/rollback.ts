import { declaredObjects, invariantBreaches } from "./contract";
import { type Fingerprint, hashOwnRows, restoreDifferences, takeFingerprint } from "./fingerprint";
import { type Moment, runScript, takeMoment, tell } from "./apply";
import { bareName } from "./lines";
import type { Release } from "./release";
import type { TierDeclaration } from "./rollout";
import type { Script } from "./script";
import type { Session } from "./session";
import { type Changes, changes } from "./snapshot";

/** A rollback that ran to its end inside the open transaction. */
export interface RolledBack {
  /** Everything that speaks against its COMMIT, in words; empty if the proof holds. */
  readonly stops: readonly string[];
  /** What the rollback removed, one line each. */
  readonly removed: readonly string[];
  readonly after: Moment;
}

/**
 * Runs a tier's rollback in the open transaction and proves it: what the tier declared is as it was at its entry
 * (`entry`), and nothing else moved between begin and end. Nothing is committed here.
 */
export async function rollBackTier(
  session: Session,
  release: Release,
  tier: TierDeclaration,
  script: Script,
  entry: Fingerprint,
  before: Moment,
): Promise<RolledBack> {
  const own = await hashOwnRows(session, tier.delta, before.snapshot.objects);
  // What of others stands in the way, the caller has listed and refused or had accepted; SQL need not refuse it again.
  await tell(session, release, "losses", "accepted");
  await tell(session, release, "deltas", "measured");
  await runScript(session, script);
  const after = await takeMoment(session, release, release.rollout.invariants);
  const moved = changes(before.snapshot, after.snapshot);
  const left = restoreDifferences(entry, await takeFingerprint(session, tier, after.snapshot));
  const stops = [
    ...left.map((text) => `not restored: ${text}`),
    ...remaining(tier, after),
    ...elsewhere(tier, moved, own),
    ...invariantBreaches(release.rollout, before.readings, after.readings),
  ];
  return { stops, removed: removals(moved), after };
}

/** Declared objects that are still there. */
function remaining({ delta }: TierDeclaration, after: Moment): string[] {
  return declaredObjects(delta)
    .filter((key) => after.snapshot.objects.has(key))
    .map((key) => `not restored: ${key} still exists`);
}

/** Everything that moved outside of what the tier declares. */
function elsewhere({ delta }: TierDeclaration, moved: Changes, own: Fingerprint["rows"]): string[] {
  const objects = new Set(declaredObjects(delta));
  return [
    ...moved.added.map((key) => `undeclared: ${key} was created`),
    ...moved.removed.filter((key) => !objects.has(key)).map((key) => `undeclared: ${key} was dropped`),
    ...moved.changed.map((key) => `undeclared: ${key} was altered`),
    ...moved.rewritten
      .filter((table) => !delta.rows[table]?.operational)
      .map((table) => `undeclared: table ${table} was truncated or rewritten`),
    ...[...moved.rows].flatMap(([table, { inserted, updated, deleted }]) =>
      // Of a table that stays exactly the tier's own rows may go.
      !inserted && !updated && deleted === (own[table]?.rows ?? (table in delta.rows ? deleted : -1))
        ? []
        : [
            `undeclared write in ${table}: ${String(inserted)} inserted, ${String(updated)} updated, ${String(deleted)} deleted`,
          ],
    ),
  ];
}

function removals(moved: Changes): string[] {
  return [
    ...[...moved.rows].map(([table, { deleted }]) => `-${String(deleted)} ${bareName(table)}`),
    ...moved.rewritten.map((table) => `${bareName(table)} emptied`),
    ...(moved.removed.length ? [`-${String(moved.removed.length)} objects`] : []),
  ];
}
