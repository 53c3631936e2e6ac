import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "libpg-query";
import { messageOf, RolloutError } from "../model/errors";
import { normalise, sha256 } from "./digest";

/** One statement of a file. */
export interface Statement {
  readonly sql: string;
  /** Line of its first character, from 1. */
  readonly line: number;
}

/** An SQL file, split into the statements between its BEGIN and its COMMIT. */
export interface Script {
  /** The file's name from the project's root, or where a recorded text comes from. */
  readonly name: string;
  /** The text with line ends normalised, as it is hashed and recorded. */
  readonly text: string;
  readonly digest: string;
  readonly statements: readonly Statement[];
}

/** Reads and splits a file. Throws when it is missing, is not SQL, or is not one transaction. */
export async function loadScript(root: string, file: string): Promise<Script> {
  let text;
  try {
    text = await readFile(path.join(root, file), "utf8");
  } catch (error) {
    throw new RolloutError(`Cannot read ${file}: ${messageOf(error)}`, undefined, { cause: error });
  }
  return parseScript(file, text);
}

/** Splits a text with PostgreSQL's own parser: semicolons in strings, bodies and comments are no ends. */
export async function parseScript(name: string, source: string): Promise<Script> {
  const text = normalise(source);
  const statements = between(name, await split(name, text));
  return { name, text, digest: sha256(text), statements };
}

interface Parsed extends Statement {
  /** TRANS_STMT_BEGIN, TRANS_STMT_COMMIT … for a transaction statement. */
  readonly transaction?: string;
}

interface ParseTree {
  stmts?: { stmt: { TransactionStmt?: { kind: string } }; stmt_location?: number; stmt_len?: number }[];
}

async function split(name: string, text: string): Promise<Parsed[]> {
  let tree: ParseTree;
  try {
    tree = (await parse(text)) as ParseTree;
  } catch (error) {
    throw new RolloutError(`${name} is not SQL that PostgreSQL can parse: ${messageOf(error)}`);
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
  return inner.map(({ sql, line }) => ({ sql, line }));
}
