import { sha256 } from "../release/digest";

/** Environment variable that accepts one exact list of differences or losses, by its hash. */
export const ACCEPT = "ROLLOUT_ACCEPT";

/** The hash by which exactly this list is accepted. */
export function acceptance(tier: number, list: readonly string[]): string {
  return sha256([`tier ${tier}`, ...[...list].sort()].join("\n")).slice(0, 16);
}

/** True if the operator has accepted exactly this list. */
export function isAccepted(tier: number, list: readonly string[]): boolean {
  const accepted = (process.env[ACCEPT] ?? "").split(/[\s,]+/);
  return list.length > 0 && accepted.includes(acceptance(tier, list));
}
