/** A strong lock on a table of others that a tier took when it was applied. */
export interface HeldLock {
  readonly table: string;
  /** As pg_locks names it. */
  readonly mode: string;
  /** From the statement that names the table on, until its row was written right before COMMIT. */
  readonly milliseconds: number;
}
