import type { Stop } from "./findings";
import type { GateReadings, Parameters } from "./gates";
import type { TierReport } from "./report";

/** Type of a tier's resource, as Pulumi's engine, its state and the pack know it. */
export const TIER_TYPE = "pulumi-nodejs:dynamic/rollout:Tier";

/** Which database a session, a state or a ledger belongs to. */
export interface Target {
  readonly database: string;
  /** The cluster's own identifier: tells two databases of one name apart. */
  readonly system: string;
}

/** Which release is here, and which one was ratified. */
export interface ReleaseIdentity {
  /** Digest of the files that are here. */
  readonly release: string;
  /** Digest of the release that the configuration pins; empty where nothing is pinned. */
  readonly pinned: string;
  /** Files that differ from the pinned release, as far as they are known. */
  readonly differing: readonly string[];
}

/** What the rehearsal says of the whole run. The same facts in every run on an unchanged database. */
export interface RunVerdict extends ReleaseIdentity {
  readonly verdict: "PASS" | "STOP" | "NOT REHEARSED";
  /** Tiers that this run applies, in order. */
  readonly applies: readonly number[];
  /** Tiers that are there without a ledger and that this run takes over. */
  readonly adopts: readonly number[];
  /** Tiers that this run rolls back. */
  readonly removes: readonly number[];
  readonly stops: readonly Stop[];
  /** Tiers whose rollback was rehearsed and left exactly what it found. */
  readonly reversible: readonly number[];
  /** What the gates measured, by tier. */
  readonly gates: Readonly<Record<string, GateReadings>>;
  /** The digest that the configuration accepts without a rehearsal, if any. */
  readonly acceptedUnrehearsed: string;
}

/** What the ledger says of one tier. */
export interface TierStatus {
  readonly applied: boolean;
  /** The rollout that applied it; empty when none did. */
  readonly rolloutId: string;
  /** The digest that was applied; empty when none was. */
  readonly digest: string;
  /** The hash of its row in the ledger, while it has one that calls it applied. */
  readonly ledgerHash?: string;
  /** The hashes with which it was applied before, and rolled back since. */
  readonly earlierHashes?: readonly string[];
  /** The release that brought it, where the ledger has kept that. */
  readonly release?: string;
}

/** Inputs of a tier's resource, as the program computes them. All of them are plain JSON. */
export interface TierInputs {
  /** Module that exports the rollout as `rollout`, from the project's root. */
  readonly module: string;
  readonly tier: number;
  readonly title: string;
  readonly digest: string;
  readonly parameters: Parameters;
  readonly target: Target;
  readonly status: TierStatus;
  /** Rollout id that may be adopted when the state does not know it. */
  readonly adopt?: string;
  /** The cluster from which a move was accepted. */
  readonly movedFrom?: string;
  /** How the applied SQL differs from the file. */
  readonly edited?: string;
  /** The tier that runs before an edited one; none before the first. */
  readonly before?: number;
  readonly report: TierReport;
  readonly run: RunVerdict;
  /** Id of the tier before, which must be applied first. */
  readonly previous?: string;
  /** The rollout to which the tier belongs; the first tier mints it. */
  readonly rolloutId?: string;
}

/**
 * Outputs: the inputs, with the rollout id, the report as measured when the tier was applied, and the hash of the row in the
 * ledger that says so. A tier that only reads has none, nor has a state that was made before there were any.
 */
export type TierState = TierInputs & { readonly rolloutId: string; readonly ledgerHash?: string };

/** What a tier after the first needs of the run's verdict: the first tier alone answers for the whole run. */
export function verdictFor(tier: number, run: RunVerdict): RunVerdict {
  const own = (tiers: readonly number[]) => tiers.filter((each) => each === tier);
  return {
    ...run,
    applies: own(run.applies),
    adopts: own(run.adopts),
    stops: [],
    reversible: [],
    differing: [],
    gates: {},
  };
}
