import type { LedgerRow } from "../../provider/ledger/ledger";
import { isChanged } from "../../provider/ledger/record";

/** The row of a tier that defined a view, the second time by changing it. */
function rowOf(position: number, changes: readonly string[]): LedgerRow {
  const detail = { definitions: { "view harbour.berths": {} }, rows: {}, changed: { objects: changes, rows: {} } };
  return { tier: position * 10, position, detail } as unknown as LedgerRow;
}

test("a tier is changed by one that came after it, and not by itself", () => {
  const [first, second] = [rowOf(1, []), rowOf(2, ["view harbour.berths"])];
  const ledger = new Map([first, second].map((row) => [row.tier, row]));
  expect([first, second].map((row) => isChanged(row, ledger))).toEqual([true, false]);
});
