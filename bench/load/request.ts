/** One request of the application. Times in milliseconds of `performance.now()`. */
export interface Request {
  readonly kind: "writer" | "reader";
  readonly table: string;
  /** When it was due, where the one before it was still under way then, else when it was sent: who stands in a queue waits too. */
  readonly began: number;
  readonly sent: number;
  ended: number;
  error?: string;
  /** For whom it was seen waiting. */
  blame?: Blame;
  /** The one before it, where that was still under way when this one was due. */
  readonly behind?: Request;
}

/** Whom a request waited for. */
export interface Blame {
  readonly whom: string;
  /** The table whose lock it waited for; undefined where it was a row's or a transaction's. */
  readonly table: string | undefined;
  /** Whether that was the rollout. */
  readonly ours: boolean;
}

/** Milliseconds from when a request was due to its end. */
export function duration({ began, ended }: Request): number {
  return ended - began;
}

/** Whom a request waited for, itself or in the queue behind another. */
export function blameOf(request: Request): Blame | undefined {
  for (let each: Request | undefined = request; each; each = each.behind) if (each.blame) return each.blame;
  return undefined;
}
