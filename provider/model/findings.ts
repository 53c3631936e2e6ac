import type { AccessFinding } from "./access";
import type { GateResult } from "./gates";
import type { Movement, ReadingContract, RowCount, RowCounters } from "./rollout";

/** One thing that was measured and must not be; `describe.ts` puts it into words. */
export type Finding =
  | ({ readonly is: "failed gate" } & GateResult)
  | {
      readonly is:
        | "missing object"
        | "undeclared object"
        | "undeclared drop"
        | "undeclared change"
        | "unchanged object"
        | "change not recorded"
        | "undeclared touch"
        | "behind a lock";
      object: string;
    }
  | { readonly is: "undeclared lock"; table: string; mode: string }
  | { readonly is: "undeclared rewrite"; table: string }
  | { readonly is: "rows not only inserted"; table: string; written: RowCounters }
  | { readonly is: "undeclared write"; table: string; written: RowCounters; mayDelete?: number }
  | { readonly is: "row count"; table: string; expected: RowCount; measured: number }
  | { readonly is: "reading"; name: string; expected: ReadingContract; measured: Movement }
  | { readonly is: "invariant"; name: string; measured: Movement }
  | { readonly is: "rows not restored"; table: string; expected: number; measured: number }
  | { readonly is: "definitions not restored" }
  | { readonly is: "object remains" | "object not restored" | "object not there"; object: string }
  | { readonly is: "own rows"; table: string; measured: number }
  | { readonly is: "drift"; differences: readonly string[]; acceptance: string; before?: number }
  | { readonly is: "failure"; message: string }
  | { readonly is: "access"; difference: AccessFinding }
  | { readonly is: "not approved"; wanted: Approved; approval?: Approved & { readonly approvedBy: string } }
  | { readonly is: "not rehearsed" | "not reached" | "no roles" };

/** What an approver allows: one release, under one request. */
export interface Approved {
  readonly release: string;
  readonly request: string;
}

/** Which rule of the pack a stop belongs to. */
export type StopKind =
  "gate" | "delta" | "invariant" | "rollback" | "failure" | "rehearsal" | "drift" | "adoption" | "access";

/** One reason not to go on. */
export interface Stop {
  readonly kind: StopKind;
  readonly tier: number;
  readonly finding: Finding;
}

/** Findings as stops of one kind against one tier. */
export function stopsOf(kind: StopKind, tier: number, findings: readonly Finding[]): Stop[] {
  return findings.map((finding) => ({ kind, tier, finding }));
}
