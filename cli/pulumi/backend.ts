// The private files of a local file backend. They are read only after a command has failed, to see whether a dead run was the cause.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { isAlive } from "../lock";
import { projectName } from "../project";

export interface StackLock {
  pid: number;
  username: string;
  hostname: string;
  timestamp: string;
}

interface Checkpoint {
  checkpoint?: { latest?: { pending_operations?: { type: string; resource: { urn: string } }[] } };
}

/** The `.pulumi` folder of a file backend; undefined for a backend of another kind, which looks after its own locks. */
export function backendFolder(url: string): string | undefined {
  if (!url.startsWith("file://")) return undefined;
  const folder = url.startsWith("file:///") ? fileURLToPath(url) : path.resolve(url.slice("file://".length));
  return path.join(folder, ".pulumi");
}

export function stackFile(backend: string, stack: string, project = projectName()): string {
  return path.join(backend, "stacks", project, `${stack}.json`);
}

/** Is there a file of this stack anywhere in the backend, in whichever layout? */
export function holdsStack(backend: string, stack: string): boolean {
  const folder = path.join(backend, "stacks");
  if (!fs.existsSync(folder)) return false;
  const names = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.some((name) => [`${stack}.json`, `${stack}.json.gz`].includes(path.basename(name)));
}

export function readLocks(backend: string, stack: string): StackLock[] {
  const folder = path.join(backend, "locks", "organization", projectName(), stack);
  return filesIn(folder).flatMap((file) => {
    const lock = readJson(path.join(folder, file)) as StackLock | undefined;
    return lock ? [lock] : [];
  });
}

/** Only a process of this host can be known to be dead. */
export function isStale(lock: StackLock): boolean {
  return lock.hostname === os.hostname() && !isPulumi(lock.pid);
}

/** Process ids are used again: where it can be seen, the process must still be a Pulumi. */
function isPulumi(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    // A killed process that nobody has reaped keeps its id and its name; its state tells (Z).
    return /^\d+ \(pulumi[^)]*\) [^ZX]/.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

/** Names of resources whose creation was under way when a run was killed. */
export function pendingCreates(backend: string, stack: string): string[] {
  const state = readJson(stackFile(backend, stack)) as Checkpoint | undefined;
  const operations = state?.checkpoint?.latest?.pending_operations ?? [];
  return operations
    .filter(({ type }) => type === "creating")
    .map(({ resource }) => resource.urn.split("::").pop() ?? "");
}

function filesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder).filter((file) => file.endsWith(".json"));
  } catch {
    return [];
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
