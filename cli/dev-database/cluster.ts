// Creates, starts and stops the embedded server. It is a process of its own that outlives the command that started it.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import type { Client, ClientConfig } from "pg";
import { tell } from "../console";
import { Failure } from "../failure";
import { withLock } from "../lock";
import { capture } from "../process";
import { makeStateFolder, projectKey, stateFolder } from "../project";
import { locatePostgres, makeReachable, type Postgres } from "./postgres";

const HOST = "127.0.0.1";
const FIRST_PORT = 25_000;
const PORTS = 5_000;

/** What is remembered of the cluster between commands, in `database.json`, readable only by its owner. */
export interface Cluster {
  folder: string;
  port: number;
  /** Of the superuser. */
  password: string;
  /** Of the roles of the rollout that log in; they come with the baseline, so one of an earlier version has none. */
  rolePassword?: string;
  /** False until the baseline is in: a load that was cut short is done again. */
  loaded: boolean;
}

const SETTINGS = `
# Loopback only, and over TCP only: nothing of this server shows in shared folders.
listen_addresses = '${HOST}'
unix_socket_directories = ''
# The statement of a client that was killed ends in half a second, not when it is done.
client_connection_check_interval = '500ms'
timezone = 'UTC'
log_timezone = 'UTC'
`;

export function readCluster(): Cluster | undefined {
  try {
    return JSON.parse(fs.readFileSync(clusterFile(), "utf8")) as Cluster;
  } catch {
    return undefined;
  }
}

export function writeCluster(cluster: Cluster): void {
  // Renamed into place: a command that reads meanwhile finds the old settings or the new ones.
  const partial = `${clusterFile()}.${process.pid}`;
  fs.writeFileSync(partial, JSON.stringify(cluster, null, 2) + "\n", { mode: 0o600 });
  fs.renameSync(partial, clusterFile());
}

function clusterFile(): string {
  return path.join(stateFolder(), "database.json");
}

/** The port of the running server, from the file that PostgreSQL keeps in its folder; undefined when it does not answer. */
async function runningPort(cluster: Cluster): Promise<number | undefined> {
  let port: number;
  try {
    port = Number(fs.readFileSync(path.join(cluster.folder, "postmaster.pid"), "utf8").split("\n")[3]);
  } catch {
    return undefined;
  }
  return (await accepts(port)) ? port : undefined;
}

/** One command at a time creates, starts or fills the database. */
export function withClusterLock<T>(work: () => Promise<T>): Promise<T> {
  return withLock(path.join(makeStateFolder(), "database.lock"), "setting up the database", work);
}

/** The cluster, if it is running. */
export async function runningCluster(): Promise<Cluster | undefined> {
  const known = readCluster();
  return known && (await runningPort(known)) === known.port ? known : undefined;
}

/** Starts the server where it is not running, and creates it where there is none. Call it with the cluster's lock. */
export async function startCluster(): Promise<Cluster> {
  const running = await runningCluster();
  if (running) return running;
  const known = readCluster();
  const postgres = locatePostgres();
  const cluster = known && fs.existsSync(path.join(known.folder, "PG_VERSION")) ? known : initialise(postgres);
  const port = await choosePort(cluster.port);
  if (port !== cluster.port && known) {
    tell(`Port ${cluster.port} is taken by another program: the database now listens on ${port}.`);
  }
  const log = path.join(cluster.folder, "server.log");
  const options = [`--pgdata=${cluster.folder}`, `--log=${log}`, `--options=-p ${port}`, "--wait", "--silent"];
  run(postgres, "pg_ctl", [...options, "start"], log);
  const started = { ...cluster, port };
  writeCluster(started);
  return started;
}

function initialise(postgres: Postgres): Cluster {
  const folder = postgres.cluster;
  tell(`Creating a PostgreSQL 16 server in ${folder} ...`);
  fs.rmSync(folder, { recursive: true, force: true });
  makeReachable(path.dirname(folder));
  fs.mkdirSync(folder);
  const password = newPassword();
  const passwordFile = `${folder}.password`;
  fs.writeFileSync(passwordFile, password + "\n", { mode: 0o600 });
  if (postgres.user)
    for (const mine of [folder, passwordFile]) fs.chownSync(mine, postgres.user.uid, postgres.user.gid);
  try {
    const encoding = ["--encoding=UTF8", "--locale=C"];
    const login = ["--username=postgres", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
    run(postgres, "initdb", [`--pgdata=${folder}`, ...login, ...encoding, "--no-sync"]);
  } finally {
    fs.rmSync(passwordFile);
  }
  fs.appendFileSync(path.join(folder, "postgresql.conf"), SETTINGS);
  return { folder, port: preferredPort(), password, loaded: false };
}

export function newPassword(): string {
  return randomBytes(18).toString("base64url");
}

export async function stopCluster(): Promise<boolean> {
  const cluster = readCluster();
  if (!cluster || (await runningPort(cluster)) === undefined) return false;
  run(locatePostgres(), "pg_ctl", [`--pgdata=${cluster.folder}`, "--mode=fast", "--wait", "--silent", "stop"]);
  return true;
}

/** Takes away all that `startCluster` made of a server that is stopped. Call it with the cluster's lock. */
export function removeCluster({ folder }: Cluster): void {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.rmSync(clusterFile(), { force: true });
}

function run(postgres: Postgres, program: string, args: string[], log?: string): void {
  // The working folder may be closed to the server's user; the root folder never is.
  const result = capture(path.join(postgres.bin, program), args, { ...postgres.user, cwd: "/" });
  if (result.ok) return;
  const lines = log && fs.existsSync(log) ? fs.readFileSync(log, "utf8").trimEnd().split("\n").slice(-5) : [];
  throw new Failure([`${program} failed: ${result.reason}`, ...lines].join("\n"));
}

/** The same port at every first start of a project, so that a connection kept in another tool stays valid after a fresh start. */
function preferredPort(): number {
  return FIRST_PORT + (parseInt(projectKey.slice(-8), 16) % PORTS);
}

async function choosePort(wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + 100; port += 1) if (!(await accepts(port))) return port;
  throw new Failure(`No free port from ${wanted} to ${wanted + 99} on ${HOST}. Nothing was started.`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, HOST);
    const answer = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once("connect", () => answer(true)).once("error", () => answer(false));
  });
}

/** Where the database is, for the superuser unless another login is named. */
export function clusterUrl(
  cluster: Cluster,
  database: string,
  { user, password }: { user: string; password: string } = { user: "postgres", password: cluster.password },
): string {
  return `postgresql://${user}:${password}@${HOST}:${cluster.port}/${database}`;
}

/** The identifier that initdb gave to the cluster, as its control file has it in front; undefined where it cannot be read. */
export function systemIdentifier({ folder }: Cluster): string | undefined {
  try {
    return fs
      .readFileSync(path.join(folder, "global", "pg_control"))
      .readBigUInt64LE(0)
      .toString();
  } catch {
    return undefined;
  }
}

/** Connects as the server's own user for the length of some work. */
export function withClient<T>(cluster: Cluster, database: string, work: (client: Client) => Promise<T>): Promise<T> {
  return withConnection({ connectionString: clusterUrl(cluster, database) }, work);
}

/** Connects for the length of some work. */
export async function withConnection<T>(config: ClientConfig, work: (client: Client) => Promise<T>): Promise<T> {
  // Loaded only where it is needed: most commands find the database as it should be.
  const { Client } = await import("pg");
  const client = new Client(config);
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
