import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../until";

/*
 * The engine replaces its state at each step: it copies the old one to `.bak`, writes the new one beside it, writes a checksum into a
 * third file, `.attrs`, and renames the new one into place. Where that third file is a pipe that is full, the engine
 * stands still between its copy and its rename, for as long as one likes.
 */

/** What the pipe is filled with, in blocks as the engine reads them: each is what the file may hold. */
const BLOCK = "{}".padEnd(511) + "\n";
const PAGE = Buffer.from(BLOCK.repeat(8));

const POLL_MS = 5;

/** So often must a file be found of the same length, until it is taken to be written. */
const STEADY = 4;

/** How long a write that was let through may take, in milliseconds. */
const LAST_WRITE_MS = 1_000;

/** The writes of one state, each of which has to be let through. */
export interface StateWrites {
  /** Waits until the engine is about to put the next state into place; false if `over` says that it never will. */
  next(over: () => boolean): Promise<boolean>;
  /** Lets it. */
  pass(): Promise<void>;
  /** Lets it go on as it likes, once `put` has put something else in the place of the pipe: what was there if nothing is said. */
  leave(put?: (checksum: string) => void): Promise<void>;
}

/** Stops the engine at every write of the state in this file from now on. */
export function stopAtWrites(file: string): StateWrites {
  const checksum = `${file}.attrs`;
  const former = existsSync(checksum) ? readFileSync(checksum, "utf8") : "{}";
  rmSync(checksum, { force: true });
  execFileSync("mkfifo", [checksum]);
  const pipe = openSync(checksum, constants.O_RDWR | constants.O_NONBLOCK);
  fill(pipe);
  // A death leaves what it had written.
  const left = new Set(unfinished(file));
  const writing = () => unfinished(file).find((name) => !left.has(name));
  const standing = async () => {
    const first = writing();
    for (let seen = 0; first && seen < STEADY; seen++) {
      await sleep(POLL_MS);
      if (writing() !== first) return false;
    }
    return first !== undefined;
  };
  const written = () => until(() => Promise.resolve(!writing()), LAST_WRITE_MS);
  return {
    async next(over) {
      while (!(await standing())) {
        if (over()) return false;
        // What reads the state reads from the pipe, which has to stay full.
        if (!writing()) refill(pipe);
        await sleep(POLL_MS);
      }
      return true;
    },
    async pass() {
      drain(pipe);
      await written();
      fill(pipe);
    },
    async leave(put = (place) => writeInto(place, former)) {
      put(checksum);
      drain(pipe);
      // The engine, if it lives, holds the pipe open until it has written.
      await written().catch(() => undefined);
      closeSync(pipe);
    },
  };
}

/** Puts a text into the place of whatever is there, in one step. */
export function writeInto(place: string, text: string): void {
  writeFileSync(`${place}.new`, text);
  renameSync(`${place}.new`, place);
}

/** What the engine has written, or begun to write, and not renamed: the name of the file, a number and `.tmp`, with its size. */
function unfinished(file: string): string[] {
  const folder = path.dirname(file);
  const temporary = new RegExp(`^${path.basename(file).replace(".", "\\.")}\\.[0-9a-f]+\\.tmp$`);
  return readdirSync(folder)
    .filter((name) => temporary.test(name))
    .map((name) => `${name} ${statSync(path.join(folder, name), { throwIfNoEntry: false })?.size}`);
}

function refill(pipe: number): void {
  drain(pipe);
  fill(pipe);
}

function fill(pipe: number): void {
  untilFull(() => writeSync(pipe, PAGE));
}

function drain(pipe: number): void {
  const buffer = Buffer.alloc(1 << 16);
  untilFull(() => readSync(pipe, buffer));
}

/** Goes on until the pipe has no room left, or nothing more in it. */
function untilFull(step: () => number): void {
  try {
    while (step() > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
  }
}
