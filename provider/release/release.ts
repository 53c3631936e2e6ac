import type { DeclareAccess } from "../model/access";
import type { Parameters } from "../model/gates";
import { requireOwnChanges } from "../model/guards";
import { inOrder, type Rollout, type TierDeclaration } from "../model/rollout";
import { loadQuery } from "./query";
import { loadScript, type Script } from "./script";
import { tierDigest } from "./tier-digest";

/** The files of one tier, read and split. */
export interface TierScripts {
  readonly declaration: TierDeclaration;
  readonly apply: Script;
  readonly rollback?: Script;
  /** SHA-256 over the SQL and the parameters that it reads: what was applied, and with what. */
  readonly digest: string;
}

/** Everything read from disk that a run needs. */
export interface Release {
  readonly rollout: Rollout;
  /** The probe's text without its closing semicolon, ready to be a subquery. */
  readonly probe: string;
  /** The query that tells who has signed, in the same form. */
  readonly signatures?: string;
  readonly tiers: readonly TierScripts[];
}

/** A project with its rollout. */
export interface Project {
  /** The project's folder. */
  readonly root: string;
  readonly rollout: Rollout;
  /** Who may do what where the rollout's roles take part; without it only the approval is judged there. */
  readonly access?: DeclareAccess;
}

/** A project, with the parameters that its tiers are identified by. */
export interface ReleaseSource extends Project {
  readonly parameters: Parameters;
}

/** Which tiers' files are read; the rollout tells their order. */
export type Needed = (tier: number, rollout: Rollout) => boolean;

/** Reads the files of the tiers named, or of all, in order. Throws when one is missing or is not one transaction. */
export async function loadRelease(
  { root, rollout: listed, parameters }: ReleaseSource,
  needed: Needed = () => true,
): Promise<Release> {
  const rollout = inOrder(listed);
  requireOwnChanges(rollout);
  const tiers = rollout.tiers.filter(({ tier }) => needed(tier, rollout));
  const [probe, signatures, ...scripts] = await Promise.all([
    loadQuery(root, rollout.probe),
    rollout.signatures === undefined ? undefined : loadQuery(root, rollout.signatures),
    ...tiers.map((declaration) => loadTier(root, declaration, parameters)),
  ]);
  return { rollout, probe, ...(signatures !== undefined && { signatures }), tiers: scripts };
}

async function loadTier(root: string, declaration: TierDeclaration, parameters: Parameters): Promise<TierScripts> {
  const [apply, rollback] = await Promise.all([
    loadScript(root, declaration.apply),
    declaration.rollback === undefined ? undefined : loadScript(root, declaration.rollback),
  ]);
  const digest = tierDigest(declaration, { apply: apply.digest, rollback: rollback?.digest }, parameters);
  return { declaration, apply, ...(rollback && { rollback }), digest };
}

/** The scripts of one tier. Throws when the release does not hold it. */
export function scriptsOf(release: Release, tier: number): TierScripts {
  const found = release.tiers.find(({ declaration }) => declaration.tier === tier);
  if (!found) throw new Error(`Tier ${tier} was not loaded.`);
  return found;
}
