import { execFile, spawn } from "node:child_process";
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { findBinaries, type Binaries } from "./binaries";

const run = promisify(execFile);

/** The folders of a jest run carry its id, so that the end of the run can wait until they are gone. */
export const RUN_PREFIX = path.join(os.tmpdir(), "one-roof-test-");

/**
 * Stands between this worker and its server. Its standard input is a pipe from the worker: however the worker ends,
 * kill -9 included, the pipe closes, and the server and its folder go at once. `$1` is the folder, the rest the server.
 */
export const KEEPER = `
  folder=$1; shift
  "$@" >>"$folder/log" 2>&1 &
  server=$!
  cat >/dev/null
  kill -QUIT "$server"
  wait "$server"
  rm -rf "$folder"
`;

/** Durability buys a test nothing; autovacuum would hold on to a template that is to be copied. */
const SETTINGS = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  autovacuum: "off",
  jit: "off",
  shared_buffers: "64MB",
  max_connections: "40",
  listen_addresses: "127.0.0.1",
};

let starting: Promise<number> | undefined;

/** The port of this worker's own server, started by the first test file that asks for it and kept for the later ones. */
export function serverPort(): Promise<number> {
  return (starting ??= findOrStart());
}

export function urlOf(port: number, database: string, user = "postgres"): string {
  return `postgres://${user}@127.0.0.1:${port}/${database}`;
}

async function findOrStart(): Promise<number> {
  const folder = `${RUN_PREFIX}${process.env.ONE_ROOF_TEST_RUN ?? "single"}-${process.pid}`;
  const portFile = path.join(folder, "port");
  if (existsSync(portFile)) {
    const port = Number(readFileSync(portFile, "utf8"));
    if (await answers(urlOf(port, "postgres"))) return port;
  }
  rmSync(folder, { recursive: true, force: true });
  const port = await start(folder);
  writeFileSync(portFile, String(port));
  return port;
}

async function start(folder: string): Promise<number> {
  const binaries = findBinaries();
  mkdirSync(folder, { mode: 0o700 });
  if (binaries.user) chownSync(folder, binaries.user.uid, binaries.user.gid);
  const bin = await reachable(binaries, folder);
  const data = path.join(folder, "data");
  const initdb = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  await run(path.join(bin, "initdb"), initdb, { ...binaries.user, cwd: folder });
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    keep(folder, [path.join(bin, "postgres"), "-D", data, "-p", String(port), "-k", folder, ...settings()], binaries);
    if (await becomesReady(port)) return port;
    if (attempt === 3) throw new Error(`PostgreSQL did not start:\n${readFileSync(path.join(folder, "log"), "utf8")}`);
  }
}

function settings(): string[] {
  return Object.entries(SETTINGS).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

function keep(folder: string, server: string[], { user }: Binaries): void {
  const keeper = spawn("sh", ["-c", KEEPER, "keeper", folder, ...server], {
    ...user,
    cwd: folder,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  keeper.unref();
  // The pipe has to outlive this test file, not the worker.
  (keeper.stdin as unknown as { unref(): void }).unref();
}

/** A checkout below /root cannot be entered by the unprivileged user: the server then runs from a copy. */
async function reachable({ bin, user }: Binaries, folder: string): Promise<string> {
  if (!user) return bin;
  try {
    await run(path.join(bin, "postgres"), ["--version"], { ...user, cwd: folder });
    return bin;
  } catch {
    const copy = path.join(folder, "native");
    cpSync(path.dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
    await run("chown", ["-R", `${user.uid}:${user.gid}`, copy]);
    return path.join(copy, "bin");
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

async function becomesReady(port: number): Promise<boolean> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (await answers(urlOf(port, "postgres"))) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}

/** Whether a server lets one in at `url`, now. */
export async function answers(url: string): Promise<boolean> {
  const client = new Client(url);
  // A server that is just going down ends the connection between two steps.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
