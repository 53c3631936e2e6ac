import type { Result } from "../../test/support/processes";
import type { Request } from "./request";

/**
 * What the application asked while a command ran, while the same command worked on another database of the same server, and in a
 * stretch of at least the same length without one.
 */
export interface Stretch {
  readonly command: string;
  readonly during: readonly Request[];
  readonly elsewhere: readonly Request[];
  readonly without: readonly Request[];
  /** Length of the command, in milliseconds. */
  readonly took: number;
  readonly result: Result;
}
