import type { Context } from "../context";
import { invariantFindings } from "../model/delta";
import type { Finding } from "../model/findings";
import type { Readings, Rollout, TierDeclaration } from "../model/rollout";
import { type Snapshot, takeSnapshot } from "../postgres/catalog-snapshot";
import { takeReadings, takeTold } from "../postgres/probe";

/** What is known of the database between two tiers of one transaction. */
export interface DatabaseState {
  readonly snapshot: Snapshot;
  readonly readings: Readings;
}

/** Takes the catalog snapshot and the readings named, as they are now. Two round trips. */
export async function takeState({ session, release }: Context, names: readonly string[]): Promise<DatabaseState> {
  const snapshot = await takeSnapshot(session, release.rollout.ledgerSchema);
  return { snapshot, readings: await takeReadings(session, release.probe, names) };
}

/** Which readings a state between these tiers needs: invariants and what their contracts name, nothing dearer. */
export function neededReadings({ invariants }: Rollout, ...tiers: readonly (TierDeclaration | undefined)[]): string[] {
  const contracted = tiers.flatMap((tier) => Object.keys(tier?.delta.readings ?? {}));
  return [...new Set([...invariants, ...contracted])];
}

/** Invariants that moved between two moments. Says at once whom those count that the probe tells more of. */
export async function heldInvariants(context: Context, before: Readings, after: Readings): Promise<Finding[]> {
  const { session, release, log } = context;
  const findings = invariantFindings(release.rollout, before, after);
  const moved = findings.flatMap((finding) => (finding.is === "invariant" ? [finding.name] : []));
  for (const [name, told] of await takeTold(session, release.probe, moved)) {
    log(`Invariant ${name}: ${told}. Others end by themselves: a second run may pass.`);
  }
  return findings;
}
