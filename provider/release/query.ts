import { expand, textOf } from "./include";

/** A statement by which a file sets a list that its SELECT reads. */
const SETTING = /^SET ([\w.]+) = (\$\w+\$)([^]*?)\2;\n/gm;

/**
 * The SELECT of a file without its closing semicolon, ready to be a subquery. What the file sets before it, such as a probe's
 * list of readings, takes the place of the settings in the SELECT: it stays one question of one round trip.
 */
export async function loadQuery(root: string, file: string): Promise<string> {
  // How psql is to print, and what its session must pin, is nothing to us: ours pins the same.
  const text = textOf(await expand(root, file)).replace(/^(\\set .*|SET (?:search_path|timezone) = .*;)\n/gm, "");
  const select = text.replaceAll(SETTING, "").trim().replace(/;$/, "");
  // Last first: a later list may read what was set before it.
  return [...text.matchAll(SETTING)].reverse().reduce((query, [, name = "", quote = "", value = ""]) => {
    return query.replaceAll(`current_setting('${name}')`, () => `${quote}${value}${quote}`);
  }, select);
}
