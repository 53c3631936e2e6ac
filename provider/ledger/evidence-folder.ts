import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rmdir } from "node:fs/promises";
import path from "node:path";
import { PULUMI } from "../model/command";
import { messageOf, RolloutError } from "../model/errors";
import { inLine } from "../model/harmless";

/**
 * Makes the folder, and those above it, for nobody else to look into. Not by Node's own `recursive`: that never returns where the file
 * system says "no such file" to every creation, as /proc does. Throws what the file system said.
 */
export async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  await makeFolder(path.dirname(folder));
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    // Two runs may start at once.
    if (!existsSync(folder)) throw error;
  });
}

/**
 * Throws a RolloutError where a rollback could not write its evidence into the folder. Asked before anything is rehearsed: an operator is to
 * learn that before others have waited for a lock. Leaves nothing, the folder neither.
 */
export async function requireEvidenceFolder(folder: string): Promise<void> {
  try {
    await rmdir(await mkdtemp(path.join(nearest(path.resolve(folder)), ".writable-")));
  } catch (error) {
    throw new RolloutError(
      `The evidence of a rollback could not be written to the folder ${inLine(folder)}: ${said(error)}. Nothing was changed. ` +
        `Make the folder writable, or name another: ${PULUMI} config set evidence FOLDER`,
      undefined,
      { cause: error, failed: "configuration" },
    );
  }
}

/** What the file system said, without the name of the file that was only tried. */
function said(error: unknown): string {
  return messageOf(error).replace(/, mkdtemp '.*'$/, "");
}

/** The folder itself, or the lowest above it that is there. */
function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(path.dirname(folder));
}
