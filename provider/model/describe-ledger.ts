/** What the ledger says of a tier, in words. */
import type { AppliedTier } from "./guards";
import { inLine } from "./harmless";

/** When a tier was applied, by whom and from which release, as the ledger has it. */
export function describeOrigin({ appliedAt, appliedBy, release }: AppliedTier): string {
  const from = release ? ` from release ${inLine(shortDigest(release))}` : "";
  return `applied on ${appliedAt ?? "?"} by ${inLine(appliedBy ?? "?")}${from}`;
}

/** How much of a digest people compare. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 12);
}

/** `tier 1`, `tiers 1, 2, 3`. */
export function describeTiers(tiers: readonly number[]): string {
  return `${tiers.length === 1 ? "tier" : "tiers"} ${tiers.join(", ")}`;
}
