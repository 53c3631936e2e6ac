import { RolloutError } from "../model/errors";

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

/** A row of the ledger's log. */
export interface LoggedRow {
  readonly position: number;
  readonly tier: number;
  readonly action: string;
  readonly hash: string;
  readonly chains: boolean;
}

/**
 * The rows of the tiers that are applied, those whose last action it is, by tier in order; each with the hashes of the tier's
 * rows that were rolled back before it. Throws a RolloutError that names the first position at which the log cannot be what
 * was written.
 */
export function appliedRows<Row extends LoggedRow>(
  table: string,
  log: readonly Row[],
): Map<number, Row & { readonly earlier: readonly string[] }> {
  const applied = new Map<number, Row & { readonly earlier: readonly string[] }>();
  const earlier = new Map<number, string[]>();
  for (const row of log) {
    const { tier, action } = row;
    if (!row.chains) throw rewritten(table, row, "does not chain to what was written before it");
    if (action === "applied" && !applied.has(tier)) {
      applied.set(tier, { ...row, earlier: earlier.get(tier) ?? [] });
    } else if (action === "rolled back" && applied.has(tier)) {
      earlier.set(tier, [...(earlier.get(tier) ?? []), applied.get(tier)?.hash ?? ""]);
      applied.delete(tier);
    } else {
      throw rewritten(table, row, `cannot follow, because by then it was ${applied.has(tier) ? "" : "not "}applied`);
    }
  }
  return new Map([...applied].sort(([one], [other]) => one - other));
}

function rewritten(table: string, { position, tier, action }: LoggedRow, what: string): RolloutError {
  return new RolloutError(
    `The ledger was rewritten: in ${table} the row at position ${position} (tier ${tier}, ${action}) ${what}. Nothing of it ` +
      `was run and nothing was changed. Find out who can write as its owner, then restore the table from a backup, or roll ` +
      `back by hand with psql and the files of the release that was applied.`,
  );
}
