import { parse } from "libpg-query";
import { messageOf, RolloutError } from "../model/errors";
import { type ParsedStatement, requireAllowed } from "./allowed";
import { normalise, sha256 } from "./digest";
import { expand, type Part, textOf } from "./include";

/** One statement of a file. */
export interface Statement {
  readonly sql: string;
  /** Line of its first character, from 1. */
  readonly line: number;
  /** The included file in which it is, where it is not the script's own; lines are counted there. */
  readonly file?: string;
}

/** An SQL file, split into the statements between its BEGIN and its COMMIT. */
export interface Script {
  /** The file's name from the project's root, or where a recorded text comes from. */
  readonly name: string;
  /** The text with line ends normalised and includes in their places, as it is hashed and recorded. */
  readonly text: string;
  readonly digest: string;
  readonly statements: readonly Statement[];
}

/**
 * Reads and splits a file together with what it includes. Throws when a file is missing or is not SQL, or when the whole
 * is not one transaction, begun and ended by the file itself.
 */
export async function loadScript(root: string, file: string): Promise<Script> {
  const parts = await expand(root, file);
  const text = textOf(parts);
  const parsed = await Promise.all(
    parts
      .filter((part) => part.text.trim())
      .map((part) => (part.file === file ? splitPart(part) : splitIncluded(part, file))),
  );
  return { name: file, text, digest: sha256(text), statements: between(file, parsed.flat()) };
}

/** Statements of a part, with the lines of its file. */
async function splitPart({ file, line, text, endsAtInclude }: Part): Promise<Parsed[]> {
  const { statements, isComplete } = await split(file, text, line);
  if (endsAtInclude && !isComplete) {
    throw new RolloutError(`${file} includes a file in the middle of a statement. End the statement first.`);
  }
  return statements.map((statement) => ({ ...statement, line: statement.line + line - 1 }));
}

async function splitIncluded(part: Part, includedBy: string): Promise<Parsed[]> {
  const statements = await splitPart(part);
  if (statements.some(({ transaction }) => transaction !== undefined)) {
    throw new RolloutError(
      `${part.file}, which ${includedBy} includes, must not begin or end a transaction. Correct the file.`,
    );
  }
  return statements.map((statement) => ({ ...statement, file: part.file }));
}

/** Splits a text with PostgreSQL's own parser: semicolons in strings, bodies and comments are no ends. */
export async function parseScript(name: string, source: string): Promise<Script> {
  const text = normalise(source);
  const { statements: parsed } = await split(name, text);
  const statements = between(name, parsed);
  return { name, text, digest: sha256(text), statements };
}

interface Parsed extends Statement {
  /** TRANS_STMT_BEGIN, TRANS_STMT_COMMIT … for a transaction statement. */
  readonly transaction?: string;
}

interface ParseTree {
  stmts?: {
    stmt: ParsedStatement & { TransactionStmt?: { kind: string } };
    stmt_location?: number;
    stmt_len?: number;
  }[];
}

/** The statements of a text that begins in line `from` of its file, and whether the last one is ended. */
async function split(name: string, text: string, from = 1): Promise<{ statements: Parsed[]; isComplete: boolean }> {
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
    requireAllowed(stmt, sql, `${name} line ${line + from - 1}`);
    parsed.push({ sql: sql.trimEnd(), line, ...(stmt.TransactionStmt && { transaction: stmt.TransactionStmt.kind }) });
  }
  return { statements: parsed, isComplete: tree.stmts?.at(-1)?.stmt_len !== undefined || !parsed.length };
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
