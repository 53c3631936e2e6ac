/** A strong lock on a table of others that a tier took when it was applied. */
export interface HeldLock {
  readonly table: string;
  /** As pg_locks names it. */
  readonly mode: string;
  /** The longest at a stretch, from the statement that names the table on, until it was given back or the tier's row written. */
  readonly milliseconds: number;
}
