import { RolloutError } from "../model/errors";
import type { TierState } from "../model/tier-inputs";
import { ACCEPT, acceptance, isAccepted } from "./acceptance";
import type { LedgerRow } from "./ledger";

/**
 * Refuses a ledger whose log does not hold the row that the state remembers of an applied tier: whoever owns the table can
 * rewrite it and hash it anew, but not what the state knows. A state that was made before it remembered any is taken as it
 * is. The row as it is now may be accepted by its hash.
 */
export function requireRemembered(
  { tier, title, ledgerHash }: Pick<TierState, "tier" | "title" | "ledgerHash">,
  { hash, earlier }: Pick<LedgerRow, "hash" | "earlier">,
): void {
  if (!ledgerHash || ledgerHash === hash || earlier.includes(ledgerHash)) return;
  const list = [`ledger row ${hash}`];
  if (isAccepted(tier, list)) return;
  throw new RolloutError(
    `The ledger was rewritten: this stack's state remembers the row of tier ${tier} (${title}) by the hash ${ledgerHash}, ` +
      `but the ledger holds ${hash} and not that one. Nothing of it was run and nothing was changed. Find out who can write ` +
      `as the owner of the ledger, or whether the database was restored; restore the ledger from a backup, or, if what it ` +
      `says now is true, accept exactly this row: ${ACCEPT}=${acceptance(tier, list)}`,
  );
}
