import { chmodSync, lstatSync, renameSync, symlinkSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Result } from "../processes";
import { type Engine, stateFile } from "../pulumi/engine";
import { type ProcessUnderTest, startUnder } from "./process-under-test";
import { type StateWrites, stopAtWrites, writeInto } from "./state-writes";

/**
 * What happens to the state: the engine is killed when it has made its copy of the old one and has not yet renamed the new one into
 * place, or in the middle of the checksum that it writes in between; its disk is full, for a moment or until it gives up; or its
 * folder is read-only.
 */
export const KINDS = ["killed", "killed in its checksum", "full for a moment", "full", "read-only"] as const;

/** What happens to the state, in which command, and at which of its writes, counted from 1. */
export interface StateFault {
  command: "up" | "destroy";
  write: number;
  kind: (typeof KINDS)[number];
}

/** How long a full disk stays so that the engine, which tries again after a second, gets over it, in milliseconds. */
const MOMENT_MS = 1_500;
const POLL_MS = 2;

/** Root may write wherever it likes, unless it has given up that right. */
const WITHOUT_RIGHTS = process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override", "--"] : [];

/** Runs a command through a fault; undefined if it ended before so many writes. */
export async function throughStateFault(stack: Engine, fault: StateFault): Promise<Result | undefined> {
  const file = stateFile(stack.folder);
  const running = startUnder(WITHOUT_RIGHTS, stack, fault.command, "--skip-preview");
  const writes = stopAtWrites(file);
  let over = false;
  void running.ended.then(() => (over = true));
  for (let write = 1; write < fault.write; write++) {
    if (await writes.next(() => over)) await writes.pass();
  }
  if (!(await writes.next(() => over))) {
    await writes.leave();
    await running.done;
    return undefined;
  }
  await disturb(file, { running, writes, over: () => over }, fault.kind);
  return running.done;
}

interface Standing {
  running: ProcessUnderTest;
  writes: StateWrites;
  over: () => boolean;
}

/** Does it while the engine stands still. */
async function disturb(file: string, { running, writes, over }: Standing, kind: StateFault["kind"]): Promise<void> {
  if (kind === "killed" || kind === "killed in its checksum") {
    running.signal("cli", "SIGKILL");
    await running.ended;
    return writes.leave(kind === "killed" ? undefined : (checksum) => writeInto(checksum, ""));
  }
  if (kind === "read-only") {
    const folder = path.dirname(file);
    await writes.leave((checksum) => {
      writeInto(checksum, "{}");
      chmodSync(folder, 0o500);
    });
    await running.ended;
    chmodSync(folder, 0o700);
    return;
  }
  await writes.leave(fill);
  const until = kind === "full" ? Infinity : Date.now() + MOMENT_MS;
  while (!over() && Date.now() < until) {
    // The engine takes away what it could not write.
    fill(`${file}.attrs`);
    await sleep(POLL_MS);
  }
  writeInto(`${file}.attrs`, "{}");
}

/** Whatever is written to the checksum from now on finds a full disk, and with it the state is not replaced. */
function fill(checksum: string): void {
  if (lstatSync(checksum, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  symlinkSync("/dev/full", `${checksum}.new`);
  renameSync(`${checksum}.new`, checksum);
}
