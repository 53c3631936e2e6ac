import { ROW_HASH } from "../../../provider/ledger/chain";
import { NOTHING } from "../../../provider/ledger/fingerprint";
import type { LedgerEntry } from "../../../provider/ledger/ledger";
import { COLUMN_NAMES, ledgerTable } from "../../../provider/ledger/ledger-table";
import { NO_DELTA } from "../../../provider/model/delta";
import { rollout } from "../../../tiers";

export const LEDGER = ledgerTable(rollout);

/** A row for a ledger of which only the log matters. */
export const LEDGER_ENTRY: LedgerEntry = {
  tier: 1,
  rolloutId: "0f0e0d0c-0b0a-4908-8706-050403020100",
  digest: "d",
  parameters: {},
  report: { tier: 1, title: "One", verdict: "PASS", gates: {}, delta: NO_DELTA, stops: [], rollback: "exact" },
  entry: NOTHING,
  exit: NOTHING,
  detail: { rows: {}, definitions: {} },
  readings: {},
  signatures: [],
  release: null,
  locks: [],
  applySql: "",
  rollbackSql: "",
};

/** What an owner does who rewrites the ledger and covers it up: every row gets its hash anew. */
export const RECHAIN = `DO $rechain$
  DECLARE
    p integer;
    former text := '';
  BEGIN
    FOR p IN SELECT position FROM ${LEDGER} ORDER BY position LOOP
      UPDATE ${LEDGER} SET previous = former WHERE position = p;
      UPDATE ${LEDGER} AS link SET hash = ${ROW_HASH} WHERE position = p RETURNING hash INTO former;
    END LOOP;
  END $rechain$`;

/** A copy of the row of a tier at the end of the log, with other values in some of its columns. */
export function forged(like: number, values: Readonly<Record<string, string>>): string {
  const columns = COLUMN_NAMES.map((name) =>
    name === "position" ? `(SELECT max(position) + 1 FROM ${LEDGER})` : (values[name] ?? name),
  );
  return `INSERT INTO ${LEDGER} SELECT ${columns.join(", ")} FROM ${LEDGER} WHERE tier = ${like}`;
}
