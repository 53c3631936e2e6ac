// The private files of a local file backend: whether there is a stack, whether somebody holds it, and what a dead run has left in it.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { projectName } from "../project";

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

/** Does anybody hold the stack, dead or alive? */
export function holdsLock(backend: string, stack: string): boolean {
  return filesIn(path.join(backend, "locks", "organization", projectName(), stack)).length > 0;
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
