/** One member of the application at its place: what it asks of one table, again and again. */
export interface Place {
  readonly kind: "writer" | "reader";
  readonly table: string;
  /** Milliseconds between two requests, where it is not what all others keep. */
  readonly every?: number | undefined;
  readonly ask: (turn: number) => Promise<unknown>;
  /** Whether this session of the server may be at work for it. */
  readonly servedBy: (session: Session) => boolean;
}

/** A session of the server, and what it was asked. */
export interface Session {
  readonly pid: number;
  readonly query: string;
}

/** All places of an application, connected; `leave` gives back what they need. */
export interface Places {
  readonly places: readonly Place[];
  readonly leave: () => Promise<void>;
}
