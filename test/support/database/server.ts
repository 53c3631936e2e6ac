import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { locatePostgres, type Postgres } from "../../../cli/dev-database/postgres";

const run = promisify(execFile);

/** The programs of the server, and as whom they may run. */
export type Binaries = Pick<Postgres, "bin" | "user">;

/** Linux's file system in memory, and how it is told from a folder of that name. */
const MEMORY = { folder: "/dev/shm", type: 0x01021994 };

/** What the servers of a run need at most, in bytes. */
const ROOM = 4 * 1024 ** 3;

/** The folders of a jest run carry its id, so that the end of the run can wait until they are gone. */
export const RUN_PREFIX = path.join(serverFolder(), "one-roof-test-");

/**
 * In memory where there is room: a copy of a database is 300 files, which on a disk take three times the processor time to make and
 * to remove. Root's server runs as another user, who cannot reach the private temporary folder of a command.
 */
function serverFolder(): string {
  if (existsSync(MEMORY.folder)) {
    const { type, bavail, bsize } = statfsSync(MEMORY.folder);
    if (type === MEMORY.type && bavail * bsize > ROOM) return MEMORY.folder;
  }
  return process.getuid?.() === 0 ? "/tmp" : os.tmpdir();
}

/**
 * Stands between this worker and its server. Its standard input is a pipe from the worker: however the worker ends,
 * kill -9 included, the pipe closes, and the server and its folder go at once. `$1` is the folder, the rest the server.
 */
const SUPERVISOR = `
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
  max_wal_size: "128MB",
  min_wal_size: "32MB",
  max_connections: "40",
  max_prepared_transactions: "2",
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
  writeFileSync(portFile, `${port}`);
  return port;
}

/** The development database's programs; `TEST_PG_BIN` names others, so that the same tests run on every supported version. */
export function findBinaries(): Binaries {
  const { bin, user } = locatePostgres();
  const { TEST_PG_BIN: other } = process.env;
  if (!other) return { bin, user };
  if (existsSync(path.join(other, "initdb"))) return { bin: other, user };
  throw new Error(`No PostgreSQL server in ${other}: TEST_PG_BIN has to name a folder with initdb and postgres.`);
}

async function start(folder: string): Promise<number> {
  const { bin, user } = findBinaries();
  mkdirSync(folder, { mode: 0o700 });
  if (user) chownSync(folder, user.uid, user.gid);
  const data = path.join(folder, "data");
  const initdb = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  await run(path.join(bin, "initdb"), initdb, { ...user, cwd: folder });
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    supervise(folder, [path.join(bin, "postgres"), "-D", data, "-p", `${port}`, "-k", folder, ...settings()], user);
    if (await becomesReady(port)) return port;
    if (attempt === 3) throw new Error(`PostgreSQL did not start:\n${readFileSync(path.join(folder, "log"), "utf8")}`);
  }
}

function settings(): string[] {
  return Object.entries(SETTINGS).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Starts a server under a supervisor; gives what ends both. */
export function supervise(folder: string, server: string[], user?: Binaries["user"]): () => Promise<void> {
  const supervisor = spawn("sh", ["-c", SUPERVISOR, "supervisor", folder, ...server], {
    ...user,
    cwd: folder,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  supervisor.unref();
  // The pipe has to outlive this test file, not the worker.
  (supervisor.stdin as unknown as { unref(): void }).unref();
  return async () => {
    const ended = once(supervisor, "exit");
    supervisor.ref();
    supervisor.stdin.end();
    await ended;
  };
}

export function freePort(): Promise<number> {
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

/** The process id of the server whose data are in this folder. */
export function postmasterOf(data: string): number {
  return Number(readFileSync(path.join(data, "postmaster.pid"), "utf8").split("\n")[0]);
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
