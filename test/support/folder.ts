import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { atEnd } from "./clean-up";

/** A new folder, removed after the last test of the file. */
export function temporaryFolder(): string {
  const folder = newFolder();
  atEnd(() => remove(folder));
  return folder;
}

/** The same for the length of one use, whatever its end. */
export async function withFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = newFolder();
  try {
    return await use(folder);
  } finally {
    remove(folder);
  }
}

const newFolder = () => mkdtempSync(path.join(os.tmpdir(), "one-roof-"));

const remove = (folder: string) => rmSync(folder, { recursive: true, force: true });
