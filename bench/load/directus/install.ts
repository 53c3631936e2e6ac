import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { stateFolder } from "../../../cli/state-folder";
import { messageOf } from "../../../provider/model/errors";

const VERSION = "11.17.4";

/** What Directus 11 needs, newer than the project's own: as an npm package, with the headers that add-ons are built against. */
const NODE = { package: `node-${process.platform}-${process.arch}`, version: "22" };

/** A Directus that can be started. */
export interface Installed {
  readonly node: string;
  readonly cli: string;
}

/** Directus in the state folder, fetched the first time; throws with the reason where it cannot be had. */
export function install(): Installed {
  const folder = path.join(stateFolder(), `directus-${VERSION}`);
  try {
    if (!existsSync(folder)) fetchInto(folder);
  } catch (cause) {
    throw new Error(`Directus ${VERSION} cannot be had here: ${messageOf(cause)}`, { cause });
  }
  const modules = path.join(folder, "node_modules");
  return { node: path.join(modules, NODE.package, "bin", "node"), cli: path.join(modules, "directus", "cli.js") };
}

/** Under another name until it is whole. */
function fetchInto(folder: string): void {
  const building = `${folder}-building`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { recursive: true });
  console.log(`Fetching Directus ${VERSION} into ${folder}: some minutes, 1 GB ...`);
  const npm = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    execFileSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: building,
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
  npm(["init", "--yes"]);
  // Only one of all its packages has to run a script: what the others build is in them, or is not used here.
  npm(["install", "--ignore-scripts", `directus@${VERSION}`, `${NODE.package}@${NODE.version}`]);
  const node = path.join(building, "node_modules", NODE.package);
  const PATH = path.join(node, "bin") + path.delimiter + (process.env.PATH ?? "");
  npm(["rebuild", "isolated-vm", "--ignore-scripts=false"], { PATH, npm_config_nodedir: node });
  if (!existsSync(path.join(building, "node_modules/isolated-vm/out/isolated_vm.node")))
    throw new Error("isolated-vm was not built; it needs python3, make and a C++ compiler");
  renameSync(building, folder);
}
