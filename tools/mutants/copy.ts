// Copies of this checkout as it is, uncommitted changes too: nothing is ever planted in the files of whoever runs this.
import fs from "node:fs";
import path from "node:path";
import { writeManifest } from "../../provider";
import { projectFolder } from "../../cli/project";
import { type Edit, editsOf, type Mutant, whyNot } from "./mutant";

/** What is not copied: what runs have written, the history, and the dependencies, which the copy shares. */
const LEFT_OUT = ["node_modules", ".git", "evidence"];

const MANIFEST = "MANIFEST.sha256";
const PRODUCTION = "Pulumi.prod.yaml";

export interface Copy {
  readonly folder: string;
  /** Where its tests keep what their commands make. */
  readonly home: string;
}

export function copyProject(home: string, number: number): Copy {
  const folder = path.join(home, `one-roof-${number}`);
  fs.cpSync(projectFolder, folder, {
    recursive: true,
    filter: (source) => !LEFT_OUT.includes(path.relative(projectFolder, source)),
  });
  fs.symlinkSync(path.join(projectFolder, "node_modules"), path.join(folder, "node_modules"));
  return { folder, home };
}

/** Why a mutant does not apply to this checkout any more; nothing where it does. */
export function whyNotHere(mutant: Mutant): string[] {
  return editsOf(mutant).flatMap((edit) => whyNot(edit, read(projectFolder, edit.file) ?? "") ?? []);
}

/** Has a defect in the copy while `work` runs. */
export async function withMutant<T>({ folder }: Copy, mutant: Mutant, work: () => Promise<T>): Promise<T> {
  const edits = editsOf(mutant);
  const changed = [...edits.map(({ file }) => file), MANIFEST, PRODUCTION];
  const before = new Map(changed.map((file) => [file, read(folder, file)]));
  try {
    for (const edit of edits) plant(folder, edit);
    if (edits.some(({ file }) => /^(sql|tiers)\//.test(file))) await ratify(folder);
    return await work();
  } finally {
    for (const [file, text] of before) if (text !== undefined) fs.writeFileSync(path.join(folder, file), text);
  }
}

function plant(folder: string, edit: Edit): void {
  const text = read(folder, edit.file) ?? "";
  const reason = whyNot(edit, text);
  if (reason) throw new Error(reason);
  fs.writeFileSync(path.join(folder, edit.file), text.split(edit.find).join(edit.replace));
}

/** Makes the defect part of the release, as if it had been there when it was ratified: what it does is to be seen, not that it is new. */
async function ratify(folder: string): Promise<void> {
  const release = await writeManifest(folder);
  const file = path.join(folder, PRODUCTION);
  const pinned = fs.readFileSync(file, "utf8").replace(/(one-roof:release: *)["']?[0-9a-f]{64}["']?/, `$1${release}`);
  fs.writeFileSync(file, pinned);
}

function read(folder: string, file: string): string | undefined {
  const name = path.join(folder, file);
  return fs.existsSync(name) ? fs.readFileSync(name, "utf8") : undefined;
}
