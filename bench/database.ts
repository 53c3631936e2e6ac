import { Client } from "pg";
import { baselineFiles, text } from "../test/support/database/files";
import { copy, RATIFIED, type TestDatabase } from "../test/support/database/database";
import { serverPort, urlOf } from "../test/support/database/server";

/** Values of the rollout's parameters on a database. */
export function parametersOf({ name }: TestDatabase): Record<string, string> {
  return { database: name, ratifiedApr: RATIFIED };
}

/** The database of which every bench takes its copy. */
export const BASELINE = "bench_baseline";

/** A signed baseline of the given size on this process's own server, which goes when the process ends. */
export async function baseline(scale: number): Promise<TestDatabase> {
  const port = await serverPort();
  await onDatabase(urlOf(port, "postgres"), [`CREATE DATABASE ${BASELINE}`]);
  const settings = `SET one_roof.database = '${BASELINE}'; SET one_roof.scale = '${scale}'`;
  const files = [...baselineFiles(), "sql/baseline/sign.sql"].map(text);
  await onDatabase(urlOf(port, BASELINE), [settings, ...files]);
  await onDatabase(urlOf(port, BASELINE), ["VACUUM ANALYZE"]);
  return copy(BASELINE, "bench");
}

async function onDatabase(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
