import type { RunOptions } from "./model/configuration";
import type { Parameters } from "./model/gates";
import type { Log } from "./postgres/guard";
import type { Session } from "./postgres/session";
import type { Release } from "./release/release";

/** What one run works with, from its plan to its last COMMIT: handed on as one value, never taken apart on the way. */
export interface Context {
  readonly session: Session;
  readonly release: Release;
  readonly parameters: Parameters;
  readonly options: RunOptions;
  readonly log: Log;
}
