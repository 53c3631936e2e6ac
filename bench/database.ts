import { Client } from "pg";
import { baselineFiles, text } from "../test/support/database/files";
import { copy, RATIFIED, type TestDatabase } from "../test/support/database/database";
import { serverPort, urlOf } from "../test/support/database/server";

/** Values of the rollout's parameters on a database. */
export function parametersOf({ name }: TestDatabase): Record<string, string> {
  return { database: name, ratifiedApr: RATIFIED };
}

/** A signed baseline of the given size on this process's own server, which goes when the process ends. */
export async function baseline(scale: number): Promise<TestDatabase> {
  const port = await serverPort();
  await onDatabase(urlOf(port, "postgres"), ["CREATE DATABASE bench_baseline"]);
  const settings = `SET one_roof.database = 'bench_baseline'; SET one_roof.scale = '${scale}'`;
  const files = [...baselineFiles(), "sql/baseline/sign.sql"].map(text);
  await onDatabase(urlOf(port, "bench_baseline"), [settings, ...files]);
  await onDatabase(urlOf(port, "bench_baseline"), ["VACUUM ANALYZE"]);
  return copy("bench_baseline", "bench");
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
