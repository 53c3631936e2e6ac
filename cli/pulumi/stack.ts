// Creates the developer's stack where nobody has done it yet. Any other is created by whoever it belongs to.
import fs from "node:fs";
import { pathToFileURL } from "node:url";
import { Failure } from "../failure";
import { withLock } from "../lock";
import type { Ended, Foreground } from "../process";
import { type CommandLine, isStackInit } from "./command-line";
import { ownBackend } from "./environment";

/** Runs the CLI once, as it is. */
export type Start = (args: readonly string[], env?: NodeJS.ProcessEnv, foreground?: Foreground) => Promise<Ended>;

export async function createStack(line: CommandLine, start: Start, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const { code } = await start(["stack", "init", line.fullStack, "--non-interactive", "--no-select"], env);
  if (code !== 0) throw new Failure(`The stack ${line.stack} could not be created.`);
}

/** Our own backend appears together with its first stack, so whoever finds the folder finds both. */
export async function ensureOwnBackend(line: CommandLine, start: Start): Promise<void> {
  const folder = ownBackend();
  if (fs.existsSync(folder)) {
    // One that was made when all could read it.
    fs.chmodSync(folder, 0o700);
    return;
  }
  await withLock(`${folder}.lock`, "creating the stack", async () => {
    if (fs.existsSync(folder)) return;
    const partial = `${folder}.partial`;
    fs.rmSync(partial, { recursive: true, force: true });
    fs.mkdirSync(partial);
    if (!isStackInit(line)) await createStack(line, start, { PULUMI_BACKEND_URL: pathToFileURL(partial).href });
    fs.renameSync(partial, folder);
  });
}
