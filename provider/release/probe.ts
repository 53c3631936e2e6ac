import type { Rollout } from "../model/rollout";
import { expand, textOf } from "./include";

/** A statement by which a probe sets a list that its SELECT reads. */
const SETTING = /^SET ([\w.]+) = (\$\w+\$)([^]*?)\2;\n/gm;

/**
 * The probe's SELECT without its closing semicolon, ready to be a subquery. What the probe sets before it, such as its
 * list of readings, takes the place of the settings in the SELECT: it stays one question of one round trip.
 */
export async function loadProbe(root: string, { probe }: Rollout): Promise<string> {
  // How psql is to print, and what its session must pin, is nothing to us: ours pins the same.
  const text = textOf(await expand(root, probe)).replace(/^(\\set .*|SET search_path = .*;)\n/gm, "");
  const select = text.replaceAll(SETTING, "").trim().replace(/;$/, "");
  // Last first: a later list may read what was set before it.
  return [...text.matchAll(SETTING)].reverse().reduce((probing, [, name = "", quote = "", value = ""]) => {
    return probing.replaceAll(`current_setting('${name}')`, () => `${quote}${value}${quote}`);
  }, select);
}
