import { readFile } from "node:fs/promises";
import path from "node:path";
import { messageOf, RolloutError } from "../model/errors";
import { normalise } from "./digest";

/** A stretch of a file between two of its includes. */
export interface Part {
  readonly file: string;
  /** Line of the file with which it begins, from 1. */
  readonly line: number;
  readonly text: string;
  /** An include follows: psql runs it between statements only. */
  readonly endsAtInclude: boolean;
}

/**
 * A file as its stretches and, in their places, those of the files that it includes by psql's `\\ir`, as psql reads them
 * one after the other. Throws a RolloutError that names the file which is missing or includes itself.
 */
export async function expand(root: string, file: string, includedBy: readonly string[] = []): Promise<Part[]> {
  if (includedBy.includes(file)) throw new RolloutError(`${file} includes itself. Correct the file.`);
  const lines = (await read(root, file, includedBy.at(-1))).split(/(?<=\n)/);
  const parts: Part[] = [];
  let start = 0;
  for (const [index, line] of lines.entries()) {
    const included = /^\\ir\s+(\S+)\s*$/.exec(line)?.[1];
    if (included === undefined) continue;
    parts.push({ file, line: start + 1, text: lines.slice(start, index).join(""), endsAtInclude: true });
    parts.push(...(await expand(root, path.posix.join(path.posix.dirname(file), included), [...includedBy, file])));
    start = index + 1;
  }
  return [...parts, { file, line: start + 1, text: lines.slice(start).join(""), endsAtInclude: false }];
}

async function read(root: string, file: string, includedBy: string | undefined): Promise<string> {
  try {
    return normalise(await readFile(path.join(root, file), "utf8"));
  } catch (error) {
    const whose = includedBy === undefined ? "" : `, which ${includedBy} includes`;
    throw new RolloutError(`Cannot read ${file}${whose}: ${messageOf(error)}`, undefined, { cause: error });
  }
}

/** The text of all parts in a row; the last line of an included file ends where the file ends. */
export function textOf(parts: readonly Part[]): string {
  const ended = (text: string, index: number) => (/[^\n]$/.test(text) && index < parts.length - 1 ? `${text}\n` : text);
  return parts.map(({ text }, index) => ended(text, index)).join("");
}
