import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { GATES_AT, inPublic } from "../database/files";
import { withFolder } from "../folder";

const PARTS = ["Pulumi.yaml", "package.json", "tsconfig.json", "tsconfig.pulumi.json", "index.ts"];
const FOLDERS = ["provider", "policy", "tiers", "sql", "access"];

/** Where a text goes into a file: the text that must be there exactly once, and what takes its place. */
export interface Edit {
  file: string;
  find: string;
  replace: string;
}

/** A copy of the project, as a colleague's checkout would be after these edits. */
export async function withProject<T>(edits: readonly Edit[], use: (folder: string) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    for (const part of [...PARTS, ...FOLDERS]) cpSync(part, path.join(folder, part), { recursive: true });
    symlinkSync(path.resolve("node_modules"), path.join(folder, "node_modules"));
    for (const each of edits) edit(folder, each);
    return use(folder);
  });
}

/** Edits one file of a copy. */
export function edit(folder: string, { file, find, replace }: Edit): void {
  const name = path.join(folder, file);
  const parts = readFileSync(name, "utf8").split(find);
  if (parts.length !== 2) throw new Error(`${file} has "${find}" ${parts.length - 1} times, not once`);
  writeFileSync(name, parts.join(replace));
}

/**
 * Runs SQL in a tier's own transaction, right before its gates are judged or, behind their back, before it commits.
 */
export function before(point: "entry" | "exit" | "commit", file: string, sql: string): Edit {
  return { file: path.relative("", file), find: GATES_AT[point], replace: `\n${inPublic(sql)}\n${GATES_AT[point]}` };
}
