import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Rollout } from "../model/rollout";
import { normalise } from "./digest";

/** The probe's text without its closing semicolon, ready to be a subquery. */
export async function loadProbe(root: string, { probe }: Rollout): Promise<string> {
  const text = normalise(await readFile(path.join(root, probe), "utf8"));
  return text.trimEnd().replace(/;$/, "");
}
