import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { atEnd } from "./clean-up";

/** A new folder, in our own temporary folder if no other is named; removed after the last test of the file. */
export function temporaryFolder(parent?: string): string {
  const folder = newFolder(parent);
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

const newFolder = (parent = os.tmpdir()) => mkdtempSync(path.join(parent, "one-roof-"));

const remove = (folder: string) => rmSync(folder, { recursive: true, force: true });
