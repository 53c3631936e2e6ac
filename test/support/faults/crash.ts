import { execFileSync, spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { Client } from "pg";
import { answers, KEEPER } from "../database/server";
import { until } from "../until";

const PATIENCE_MS = 30_000;

/** Stops the server of `url` as `pg_ctl stop -m immediate` does, and starts it again: it recovers as after a crash. */
export async function crashServer(url: string): Promise<void> {
  const data = await dataDirectory(url);
  const pid = Number(readFileSync(path.join(data, "postmaster.pid"), "utf8").split("\n")[0]);
  const command = execFileSync("ps", ["-p", String(pid), "-o", "args="], { encoding: "utf8" })
    .trim()
    .split(" ");
  process.kill(pid, "SIGQUIT");
  await until(() => Promise.resolve(!isAlive(pid)), PATIENCE_MS);
  const { uid, gid } = statSync(data);
  const folder = path.dirname(data);
  const keeper = spawn("sh", ["-c", KEEPER, "keeper", folder, ...command], {
    ...(process.getuid?.() === 0 && { uid, gid }),
    cwd: folder,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  keeper.unref();
  (keeper.stdin as unknown as { unref(): void }).unref();
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
    return !/^[ZX]/.test(execFileSync("ps", ["-p", String(pid), "-o", "stat="], { encoding: "utf8" }).trim());
  } catch {
    return false;
  }
}
