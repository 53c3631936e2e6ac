/** One approval that was there when a tier was applied. What its row does not tell is null. */
export interface Signature {
  /** The table in which it stood. */
  readonly source: string;
  /** The value of its primary key. */
  readonly key: string | null;
  /** Who: no more of a person than that. */
  readonly signer: string | null;
  readonly decision: string | null;
  /** When it was signed, as the row says it. */
  readonly signedAt: string | null;
  /** SHA-256 of the whole row. */
  readonly digest: string;
}
