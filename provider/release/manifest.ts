import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ReleaseIdentity } from "../model/tier-inputs";
import { normalise, sha256 } from "./digest";

/** Folders whose files take part in a rollout: the SQL, the declarations and the baseline figures. */
const FOLDERS = ["sql", "tiers"];

/** The committed manifest, in the project's root. */
export const MANIFEST_FILE = "MANIFEST.sha256";

/** The release as `sha256sum -c` checks it: a line a file, sorted by name, hashed with line ends normalised. */
export async function manifest(root: string): Promise<string> {
  const files = (await Promise.all(FOLDERS.map((folder) => filesBelow(root, folder)))).flat().sort();
  const lines = await Promise.all(
    files.map(async (file) => `${sha256(normalise(await readFile(path.join(root, file), "utf8")))}  ${file}`),
  );
  return `${lines.join("\n")}\n`;
}

/** Writes the manifest of the files that are here; gives the digest under which they are ratified. */
export async function writeManifest(root: string): Promise<string> {
  const text = await manifest(root);
  await writeFile(path.join(root, MANIFEST_FILE), text);
  return sha256(text);
}

async function filesBelow(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"));
}

/**
 * The digest of the files that are here, beside the one that was ratified. Which files differ is told by the
 * committed manifest, as long as that is the ratified one.
 */
export async function identifyRelease(root: string, pinned: string): Promise<ReleaseIdentity> {
  const [here, committed] = await Promise.all([
    manifest(root),
    readFile(path.join(root, MANIFEST_FILE), "utf8").then(normalise, () => ""),
  ]);
  const release = sha256(here);
  const differing = pinned && pinned !== release && sha256(committed) === pinned ? differences(committed, here) : [];
  return { release, pinned, differing };
}

/** Files that are not the same in two manifests, each with what happened to it. */
export function differences(before: string, after: string): string[] {
  const [old, now] = [parse(before), parse(after)];
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((file) => {
    if (!now.has(file)) return [`${file} (missing)`];
    if (!old.has(file)) return [`${file} (added)`];
    return old.get(file) === now.get(file) ? [] : [`${file} (changed)`];
  });
}

function parse(text: string): Map<string, string> {
  return new Map(
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
}
