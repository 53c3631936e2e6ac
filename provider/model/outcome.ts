/** What a run tells the command that started it: facts to go on with, beside the words that people read. */
import type { RunVerdict } from "./tier-inputs";

/** Why something was not done; a defect is whatever nobody foresaw. */
export type Failed = "refused" | "locked" | "configuration" | "unreachable" | "defect";

/** What a run is about to do, in numbers. */
export interface Intent {
  /** Tiers that it applies, takes over and rolls back. */
  readonly applies: number;
  readonly adopts: number;
  readonly removes: number;
  /** What the tiers that go up or back bring or take: as rehearsed, as found, as the ledger recorded it. */
  readonly objects: number;
  readonly rows: number;
  readonly verdict: RunVerdict["verdict"];
  /** Why it was not rehearsed; empty where it was, or where there was nothing to rehearse. */
  readonly unrehearsed: string;
  /** Whether the configuration accepts this very release without a rehearsal. */
  readonly accepted: boolean;
}

/** What came of a tier: the line that people read of it, or the file that holds the proofs of its rollback. */
export type ToldTier =
  | { readonly is: "rehearsed" | "applied"; readonly tier: number; readonly line: string }
  | { readonly is: "rolled back"; readonly tier: number; readonly evidence: string };

export type Note = ({ readonly is: "intent" } & Intent) | { readonly is: "failure"; readonly as: Failed } | ToldTier;
