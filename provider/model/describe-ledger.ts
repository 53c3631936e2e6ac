/** What the ledger says of a tier, in words. */
import type { AppliedTier } from "./guards";
import { inLine } from "./harmless";

/** When a tier was applied, by whom and from which release, as the ledger has it. */
export function describeOrigin({ appliedAt, appliedBy, release }: AppliedTier): string {
  const from = release ? ` from release ${inLine(release.slice(0, 12))}` : "";
  return `applied on ${appliedAt ?? "?"} by ${inLine(appliedBy ?? "?")}${from}`;
}
