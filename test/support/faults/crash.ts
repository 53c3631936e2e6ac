import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { Client } from "pg";
import { answers, supervise } from "../database/server";
import { until } from "../until";

const PATIENCE_MS = 30_000;

/** Stops the server of `url` as `pg_ctl stop -m immediate` does, and starts it again: it recovers as after a crash. */
export async function crashServer(url: string): Promise<void> {
  const data = await dataDirectory(url);
  const pid = Number(readFileSync(path.join(data, "postmaster.pid"), "utf8").split("\n")[0]);
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

function isAlive(pid: number): boolean {
  try {
    return !/^[ZX]/.test(ps(pid, "stat"));
  } catch {
    return false;
  }
}

function ps(pid: number, column: "args" | "stat"): string {
  return execFileSync("ps", ["-p", `${pid}`, "-o", `${column}=`], { encoding: "utf8" }).trim();
}
