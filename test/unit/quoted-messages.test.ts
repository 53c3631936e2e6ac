import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/*
 * README and runbook quote what the commands say, beyond the samples that a script writes. Each quotation has to be in part
 * what the code has in a row, for the rest of it is names: a message that is worded anew, or gone, is found here.
 */

/** So many words in a row are no accident. */
const IN_A_ROW = 4;

/** What is shorter is names for the most part. */
const SHORTEST = 13;

/** Which share of a quotation's words at least stands so in the code. */
const SHARE = 0.2;

const SOURCES = ["cli", "policy", "provider", "sql", "tiers"];

/** Without numbers, which every run has its own of. */
const words = (text: string) => (text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []).filter((word) => !/\d/.test(word));

/** Every few words in a row that the code has, also where a text goes on in the next line of the code. */
function phrasesOf(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(js|ts|sql|sh)$/.test(name),
  );
  return files.flatMap((name) =>
    inARow(words(readFileSync(path.join(folder, name), "utf8").replace(/\$\{[^}]*\}/g, " "))),
  );
}

function inARow(all: readonly string[]): string[] {
  return all.slice(IN_A_ROW - 1).map((_, index) => all.slice(index, index + IN_A_ROW).join(" "));
}

const known = new Set(SOURCES.flatMap(phrasesOf));

/** What is typed, and what Pulumi says by itself. */
const NOT_OURS = /^ *(\$|npm|export|psql|git|createdb|pg_\w+|Created stack|Stack '|Resources:|[~+-] \d) ?.*$/gm;

/** Blocks that show what was printed, without rows of tables and without those that a script writes. */
function quotations(document: string): string[] {
  const own = readFileSync(document, "utf8").replace(/<!-- sample: \S+ -->[^]*?<!-- \/sample -->/g, "");
  return [...own.matchAll(/^```(\w*)\n([^]*?)^```$/gm)]
    .flatMap(([, language, block]) => (language ? [] : block.replace(NOT_OURS, "").trim()))
    .filter((block) => words(block).length >= SHORTEST && !/^[[{]/.test(block));
}

/** Share of a text's words that stand in a row somewhere in the code. */
function knownShare(text: string): number {
  const all = words(text);
  const found = inARow(all).flatMap((phrase, at) => (known.has(phrase) ? at : []));
  return all.filter((_, at) => found.some((first) => first <= at && at < first + IN_A_ROW)).length / all.length;
}

test.each(["README.md", "docs/runbook.md"])("%s quotes what the code says", (document) => {
  expect(quotations(document).filter((block) => knownShare(block) < SHARE)).toEqual([]);
});
