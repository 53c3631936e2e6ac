import os from "node:os";
import { parseArgs } from "node:util";

export interface Options {
  /** Only the mutants whose name holds one of these; all where there is none. */
  readonly only: readonly string[];
  /** How many are tried at once. */
  readonly parallel: number;
  /** What the named tests let pass is tried with all tests of pure modules, files and provider too. */
  readonly wide: boolean;
  /** Names them, and tries none. */
  readonly list: boolean;
}

const USAGE = "Usage: npm run mutants -- [--list] [--only PART-OF-A-NAME …] [--parallel N] [--wide]";

const OPTIONS = {
  only: { type: "string", multiple: true, default: [] as string[] },
  parallel: { type: "string", default: `${Math.min(2, os.availableParallelism())}` },
  wide: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
} as const;

/** The command line. Throws with the usage where it is none. */
export function readOptions(): Options {
  try {
    const { only, parallel, wide, list } = parseArgs({ options: OPTIONS }).values;
    if (!/^[1-9]\d?$/.test(parallel)) throw new Error(`--parallel takes a number from 1 to 99, not "${parallel}".`);
    return { only, parallel: Number(parallel), wide, list };
  } catch (cause) {
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`, { cause });
  }
}
