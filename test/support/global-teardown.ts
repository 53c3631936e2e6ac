import { readdirSync } from "node:fs";
import path from "node:path";
import { RUN_PREFIX } from "./database/server";

/**
 * The workers have ended and their servers are on their way out: wait, so that nothing is left when jest is done.
 * In a run without workers the server belongs to this very process and goes right after it.
 */
export default async function teardown(): Promise<void> {
  const own = `${path.basename(RUN_PREFIX)}${process.pid}-`;
  const left = () =>
    readdirSync(path.dirname(RUN_PREFIX)).filter((name) => name.startsWith(own) && name !== `${own}${process.pid}`);
  for (let attempt = 0; left().length > 0 && attempt < 200; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
