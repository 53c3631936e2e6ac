import type { Rollout, TierDeclaration } from "./rollout";
import { loadScript, type Script, sha256 } from "./script";
import { loadProbe } from "./readings";
import type { Parameters } from "./settings";

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
  readonly root: string;
  readonly rollout: Rollout;
  readonly probe: string;
  readonly tiers: readonly TierScripts[];
}

/** Reads the files of the tiers named, or of all. Throws when one is missing or is not one transaction. */
export async function loadRelease(
  root: string,
  rollout: Rollout,
  parameters: Parameters,
  needed: (tier: number) => boolean = () => true,
): Promise<Release> {
  const tiers = rollout.tiers.filter(({ tier }) => needed(tier));
  const [probe, ...scripts] = await Promise.all([
    loadProbe(root, rollout),
    ...tiers.map((declaration) => loadTier(root, declaration, parameters)),
  ]);
  return { root, rollout, probe, tiers: scripts };
}

async function loadTier(root: string, declaration: TierDeclaration, parameters: Parameters): Promise<TierScripts> {
  const [apply, rollback] = await Promise.all([
    loadScript(root, declaration.apply),
    declaration.rollback === undefined ? undefined : loadScript(root, declaration.rollback),
  ]);
  return {
    declaration,
    apply,
    ...(rollback && { rollback }),
    digest: tierDigest(declaration, apply, rollback, parameters),
  };
}

function tierDigest(
  { parameters: names }: TierDeclaration,
  apply: Script,
  rollback: Script | undefined,
  parameters: Parameters,
): string {
  const values = names.map((name) => `${name}=${parameters[name] ?? ""}`);
  return sha256([apply.digest, rollback?.digest ?? "", ...values].join("\n"));
}

/** The scripts of one tier. Throws when the release does not hold it. */
export function scriptsOf(release: Release, tier: number): TierScripts {
  const found = release.tiers.find(({ declaration }) => declaration.tier === tier);
  if (!found) throw new Error(`Tier ${String(tier)} was not loaded.`);
  return found;
}
