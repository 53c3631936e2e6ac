import { statSync } from "node:fs";
import path from "node:path";
import { Client } from "pg";
import { answers, postmasterOf, supervise } from "../database/server";
import { isAlive, ps } from "../processes";
import { until } from "../until";

const PATIENCE_MS = 30_000;

/** Stops the server of `url` as `pg_ctl stop -m immediate` does, and starts it again: it recovers as after a crash. */
export async function crashServer(url: string): Promise<void> {
  const data = await dataDirectory(url);
  const pid = postmasterOf(data);
  const command = ps(pid, "args").split(" ");
  process.kill(pid, "SIGQUIT");
  await until(() => Promise.resolve(!isAlive(pid)), PATIENCE_MS);
  const { uid, gid } = statSync(data);
  supervise(path.dirname(data), command, process.getuid?.() === 0 ? { uid, gid } : undefined);
  await until(() => answers(url), PATIENCE_MS);
}

async function dataDirectory(url: string): Promise<string> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ data_directory: string }>("SHOW data_directory");
    return rows[0].data_directory;
  } finally {
    await client.end();
  }
}
