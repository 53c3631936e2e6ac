import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { normalise, sha256 } from "./script";

/** Folders of the release: everything in them that decides what is applied and what is refused. */
const FOLDERS = ["sql", "tiers"];

/**
 * The release as `sha256sum -c` checks it: a line a file, sorted by name, hashed with line ends normalised.
 */
export async function manifest(root: string): Promise<string> {
  const files = (await Promise.all(FOLDERS.map((folder) => filesBelow(root, folder)))).flat().sort();
  const lines = await Promise.all(
    files.map(async (file) => `${sha256(normalise(await readFile(path.join(root, file), "utf8")))}  ${file}`),
  );
  return `${lines.join("\n")}\n`;
}

async function filesBelow(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"));
}

/** One digest over the release: the name under which it is ratified. */
export async function releaseDigest(root: string): Promise<string> {
  return sha256(await manifest(root));
}
