import { RolloutError } from "../model/errors";
import { placeOf, type Rollout } from "../model/rollout";
import { ledgerTable } from "./ledger-table";

/** What the columns of a ledger hold that is hashed, in the order in which it is. */
const HASHED = [
  "previous",
  "position",
  "tier",
  "action",
  "rollout_id",
  "digest",
  "parameters",
  "report",
  "entry",
  "exit",
  "detail",
  "readings",
  "apply_sql",
  "rollback_sql",
] as const;

/**
 * The hash of a row, as SQL over `link`: of the hash before it and of all that stands in it. The text of a jsonb array is the
 * same under every setting; the time goes in as a number, because its text depends on the time zone.
 */
export const ROW_HASH =
  `encode(sha256(convert_to(jsonb_build_array(${HASHED.map((name) => `link.${name}`).join(", ")}, ` +
  `extract(epoch FROM link.applied_at), link.applied_by)::text, 'UTF8')), 'hex')`;

/** Whether a row of the ledger has the next number, names the hash before it and is hashed itself, as SQL over `link`. */
export const CHAINS =
  `link.position = row_number() OVER (ORDER BY link.position) ` +
  `AND link.previous = coalesce(lag(link.hash) OVER (ORDER BY link.position), '') AND link.hash = ${ROW_HASH}`;

/** A row of the ledger's log: what was done, and whether it is what was written. */
export interface Logged<Row> {
  readonly action: string;
  readonly chains: boolean;
  readonly row: Row;
}

/** What a row is known by. */
interface Link {
  readonly position: number;
  readonly tier: number;
  readonly hash: string;
}

/**
 * The rows of the tiers that are applied, those whose last action it is, by tier in the rollout's order; each with the hashes
 * of the tier's rows that were rolled back before it. Throws a RolloutError that names the first position at which the log cannot be what
 * was written.
 */
export function appliedRows<Row extends Link>(
  rollout: Rollout,
  log: readonly Logged<Row>[],
): Map<number, Row & { readonly earlier: readonly string[] }> {
  const table = ledgerTable(rollout);
  const applied = new Map<number, Row>();
  const earlier = new Map<number, readonly string[]>();
  for (const { action, chains, row } of log) {
    const { tier } = row;
    const known = applied.get(tier);
    if (!chains) throw rewritten(table, row, action, "does not chain to what was written before it");
    if (action === "applied" && !known) {
      applied.set(tier, row);
    } else if (action === "rolled back" && known) {
      earlier.set(tier, [...(earlier.get(tier) ?? []), known.hash]);
      applied.delete(tier);
    } else {
      throw rewritten(table, row, action, `cannot follow, because by then it was ${known ? "" : "not "}applied`);
    }
  }
  const inOrder = [...applied].sort(([one], [other]) => placeOf(rollout, one) - placeOf(rollout, other));
  return new Map(inOrder.map(([tier, row]) => [tier, { ...row, earlier: earlier.get(tier) ?? [] }]));
}

function rewritten(table: string, { position, tier }: Link, action: string, what: string): RolloutError {
  return new RolloutError(
    `The ledger was rewritten: in ${table} the row at position ${position} (tier ${tier}, ${action}) ${what}. Nothing of it ` +
      `was run and nothing was changed. Find out who can write as its owner, then restore the table from a backup, or roll ` +
      `back by hand with psql and the files of the release that was applied.`,
  );
}
