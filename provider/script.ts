import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "libpg-query";
import { messageOf, RolloutError } from "./errors";

/** One statement of a file. */
export interface Statement {
  readonly sql: string;
  /** Line of its first character, from 1. */
  readonly line: number;
  /** The included file in which it stands, if not the script's own; lines are counted there. */
  readonly file?: string;
}

/** An SQL file, split into the statements between its BEGIN and its COMMIT. */
export interface Script {
  /** The file's name from the project's root, or where a recorded text comes from. */
  readonly name: string;
  /** The text with line ends normalised and what it includes in its place, as it is hashed and recorded. */
  readonly text: string;
  readonly digest: string;
  readonly statements: readonly Statement[];
}

/**
 * Reads and splits a file together with what it includes by psql's `\\ir`. Throws when a file is missing, is not SQL, or
 * the whole is not one transaction.
 */
export async function loadScript(root: string, file: string): Promise<Script> {
  const parts = await expand(root, file);
  const text = textOf(parts);
  const statements: Parsed[] = [];
  for (const part of parts.filter((each) => each.text.trim())) {
    for (const statement of await split(part.file, part.text, part.include)) {
      const line = statement.line + part.line - 1;
      if (part.file === file) statements.push({ ...statement, line });
      else if (statement.transaction === undefined) statements.push({ ...statement, line, file: part.file });
      else
        throw new RolloutError(
          `${part.file}, which ${file} includes, must not begin or end a transaction. Correct the file.`,
        );
    }
  }
  return { name: file, text, digest: sha256(text), statements: between(file, statements) };
}

/** Splits a text with PostgreSQL's own parser: semicolons in strings, bodies and comments are no ends. */
export async function parseScript(name: string, source: string): Promise<Script> {
  const text = normalise(source);
  const statements = between(name, await split(name, text));
  return { name, text, digest: sha256(text), statements };
}

/** A stretch of a file between two of its includes. */
export interface Part {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** An include follows: psql runs it between statements only. */
  readonly include: boolean;
}

/** The text of all parts in a row; the last line of an included file ends where the file ends. */
export function textOf(parts: readonly Part[]): string {
  return parts
    .map(({ text }, index) => (/[^\n]$/.test(text) && index < parts.length - 1 ? `${text}\n` : text))
    .join("");
}

/** A file as its stretches and, in their places, those of the files it includes, as psql reads them one after the other. */
export async function expand(root: string, file: string, includedBy: readonly string[] = []): Promise<Part[]> {
  if (includedBy.includes(file)) throw new RolloutError(`${file} includes itself. Correct the file.`);
  const lines = (await read(root, file, includedBy.at(-1))).split(/(?<=\n)/);
  const parts: Part[] = [];
  let start = 0;
  for (const [index, line] of lines.entries()) {
    const included = /^\\ir\s+(\S+)\s*$/.exec(line)?.[1];
    if (included === undefined) continue;
    parts.push({ file, line: start + 1, text: lines.slice(start, index).join(""), include: true });
    parts.push(...(await expand(root, path.posix.join(path.posix.dirname(file), included), [...includedBy, file])));
    start = index + 1;
  }
  return [...parts, { file, line: start + 1, text: lines.slice(start).join(""), include: false }];
}

async function read(root: string, file: string, includedBy?: string): Promise<string> {
  try {
    return normalise(await readFile(path.join(root, file), "utf8"));
  } catch (error) {
    const whose = includedBy === undefined ? "" : `, which ${includedBy} includes`;
    throw new RolloutError(`Cannot read ${file}${whose}: ${messageOf(error)}`, undefined, { cause: error });
  }
}

/** Line ends as LF: a checkout on another system is the same release. */
export function normalise(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

interface Parsed extends Statement {
  /** TRANS_STMT_BEGIN, TRANS_STMT_COMMIT … for a transaction statement. */
  readonly transaction?: string;
}

interface ParseTree {
  stmts?: { stmt: { TransactionStmt?: { kind: string } }; stmt_location?: number; stmt_len?: number }[];
}

async function split(name: string, text: string, complete = false): Promise<Parsed[]> {
  let tree: ParseTree;
  try {
    tree = (await parse(text)) as ParseTree;
  } catch (error) {
    throw new RolloutError(`${name} is not SQL that PostgreSQL can parse: ${messageOf(error)}`);
  }
  if (complete && tree.stmts?.length && tree.stmts.at(-1)?.stmt_len === undefined) {
    throw new RolloutError(`${name} includes a file in the middle of a statement. End the statement first.`);
  }
  // The parser counts bytes of UTF-8.
  const bytes = Buffer.from(text, "utf8");
  const parsed: Parsed[] = [];
  let line = 1;
  let counted = 0;
  for (const { stmt, stmt_location: start = 0, stmt_len: length } of tree.stmts ?? []) {
    const raw = bytes.toString("utf8", start, length === undefined ? bytes.length : start + length);
    const sql = raw.replace(/^(\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)*/, "");
    const at = start + Buffer.byteLength(raw) - Buffer.byteLength(sql);
    for (; counted < at; counted++) if (bytes[counted] === 0x0a) line++;
    parsed.push({ sql: sql.trimEnd(), line, ...(stmt.TransactionStmt && { transaction: stmt.TransactionStmt.kind }) });
  }
  return parsed;
}

function between(name: string, parsed: readonly Parsed[]): Statement[] {
  const inner = parsed.slice(1, -1);
  if (
    parsed[0]?.transaction !== "TRANS_STMT_BEGIN" ||
    parsed.at(-1)?.transaction !== "TRANS_STMT_COMMIT" ||
    inner.some(({ transaction }) => transaction !== undefined)
  ) {
    throw new RolloutError(
      `${name} must be one transaction: expected BEGIN as its first statement, COMMIT as its last and no other ` +
        `transaction statement between them. Correct the file.`,
    );
  }
  return inner.map(({ sql, line, file }) => ({ sql, line, ...(file !== undefined && { file }) }));
}
