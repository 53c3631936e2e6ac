// The locks that kept a command from a stack: whose they are, and whether whoever took one is alive. Pulumi takes one in a backend of its own
// (a folder, a bucket, a database) and names them all when it refuses; a service looks after its locks itself.
import fs from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { isAlive } from "../lock";
import { capture } from "../process";

export interface StackLock {
  /** Where it lies, as a URL without a login. */
  url: string;
  pid: number;
  user: string;
  host: string;
  /** In milliseconds since 1970. */
  since: number;
}

/**
 * `elsewhere`: of another host, and nobody can tell from here. `unproven`: there is no such process on this machine, but in a backend that
 * others share the lock may be of another machine of the same name.
 */
export type Life = "alive" | "dead" | "elsewhere" | "unproven";

const LOCK = /^\s+(.+): created by (.+)@([^@]+) \(pid (\d+)\) at (\S+)$/gm;

/** The locks that Pulumi names when it refuses a command; none in another text. */
export function locksNamed(refusal: string): StackLock[] {
  return [...refusal.matchAll(LOCK)].map(([, url = "", user = "", host = "", pid, since = ""]) => ({
    url,
    user,
    host,
    pid: Number(pid),
    since: Date.parse(since),
  }));
}

/** Only on the host where it was taken, and only in a folder there, can a process be known to be dead. */
export function lifeOf({ url, host, pid, since }: StackLock): Life {
  if (host !== os.hostname()) return "elsewhere";
  if (holdsOn(pid, since)) return "alive";
  return lockFile(url) ? "dead" : "unproven";
}

/**
 * Takes this very lock away, and no other that may have come since; false where it is no longer there or another one, or where it is not in
 * a folder.
 */
export function removeLock({ url, pid, host }: StackLock): boolean {
  const file = lockFile(url);
  try {
    if (!file) return false;
    const found = JSON.parse(fs.readFileSync(file, "utf8")) as { pid?: unknown; hostname?: unknown };
    if (found.pid !== pid || found.hostname !== host) return false;
    fs.rmSync(file);
    // What the CLI knows of the file.
    fs.rmSync(`${file}.attrs`, { force: true });
    return true;
  } catch {
    return false;
  }
}

function lockFile(url: string): string | undefined {
  return url.startsWith("file:///") ? fileURLToPath(url.replace(/\?.*$/, "")) : undefined;
}

/** How far clocks may be apart that tell when a lock was taken and when a process began, in milliseconds. */
const CLOCK_MS = 60_000;

/** Process ids are used again: it must be a Pulumi still, and one that was there when the lock was taken. */
function holdsOn(pid: number, since: number): boolean {
  if (!isAlive(pid)) return false;
  const found = ofLinux(pid) ?? ofPs(pid);
  if (!found) return true;
  return !found.ended && found.name.startsWith("pulumi") && !(found.began > since + CLOCK_MS);
}

interface Found {
  name: string;
  /** Killed, and nobody has reaped it: it keeps its id and its name. */
  ended: boolean;
  /** In milliseconds since 1970. */
  began: number;
}

/** The kernel counts time in hundredths of a second, whatever its own clock does. */
const TICK_MS = 10;

function ofLinux(pid: number): Found | undefined {
  try {
    const [, name = "", rest = ""] = /^\d+ \((.*)\) (.*)$/s.exec(fs.readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    const fields = rest.split(" ");
    const [, boot] = /^btime (\d+)$/m.exec(fs.readFileSync("/proc/stat", "utf8")) ?? [];
    return { name, ended: /^[ZX]/.test(rest), began: Number(boot) * 1_000 + Number(fields[19]) * TICK_MS };
  } catch {
    return undefined;
  }
}

function ofPs(pid: number): Found | undefined {
  const { ok, stdout } = capture("ps", ["-o", "stat=,lstart=,comm=", "-p", `${pid}`], {
    env: { ...process.env, LC_ALL: "C" },
  });
  const [, state = "", began = "", command = ""] = /^(\S+)\s+(\S+ +\S+ +\d+ [\d:]+ \d+)\s+(.*)$/.exec(stdout) ?? [];
  if (!ok || !state) return undefined;
  return { name: command.replace(/^.*\//, ""), ended: state.startsWith("Z"), began: Date.parse(began) };
}
