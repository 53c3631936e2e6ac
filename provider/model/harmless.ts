/**
 * What came from outside (the server, its ledger, a file, the state) may hold characters that a terminal obeys instead
 * of showing: escape sequences, marks that turn the direction of a line, marks without a width. They are shown as
 * escapes. Everything that reaches a terminal goes through `harmless`; a value of others inside one of our lines goes
 * through `inLine`, so that it cannot begin a line that looks like ours.
 */

/** Control characters (C0 without newline and tab, DEL, C1), format and bidi marks, tags, lone surrogates, line separators. */
const OBEYED = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text of several lines in which nothing is left that a terminal obeys but its own newlines and tabs. */
export function harmless(text: string): string {
  return text.replace(OBEYED, escape);
}

/** A value of others in one line of ours: newlines and tabs are shown as escapes too. */
export function inLine(text: string): string {
  return harmless(text).replace(/[\n\t]/g, (character) => (character === "\n" ? "\\n" : "\\t"));
}

/** Plain data with all its texts made harmless; names of fields too. */
export function harmlessData<Data>(data: Data): Data {
  return transformed(data) as Data;
}

function transformed(value: unknown): unknown {
  if (typeof value === "string") return harmless(value);
  if (Array.isArray(value)) return value.map(transformed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [inLine(name), transformed(each)]));
}

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
}
