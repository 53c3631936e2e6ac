// A Pulumi CLI that is on this machine already, in another place than where this user's commands look: it need not be built again.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { builtFromOtherSource, DIGEST_FILE } from "../../tools/engine/build";
import { tell } from "../console";
import { makeReachable, SHARED_FOLDER } from "../dev-database/postgres";
import { capture } from "../process";
import { isSafe } from "../state-folder";

/** The launcher of dynamic providers; the official download has it beside the CLI, the npm package @pulumi/pulumi brings it too. */
export const LAUNCHER = "pulumi-resource-pulumi-nodejs";
export const CLI = ["pulumi", "pulumi-language-nodejs"];

export function hasAll(folder: string, programs: readonly string[]): boolean {
  try {
    const files = programs.map((program) => path.join(folder, program));
    for (const file of files) fs.accessSync(file, fs.constants.X_OK);
    return files.every((file) => fs.statSync(file).size > 0);
  } catch {
    return false;
  }
}

/** Where root leaves a copy for the other users of this machine, who cannot look into root's own folders. */
export function sharedEngine(version: string): string {
  return path.join(SHARED_FOLDER, `pulumi-${version}`);
}

/** Copies the CLI of that version into the folder, from the first place where it is. Returns whether there was one. */
export function copyFoundEngine(version: string, folder: string, places = placesOf(version)): boolean {
  const found = places.find((place) => place !== folder && isEngine(place, version));
  if (!found) return false;
  tell(`Copying the Pulumi CLI ${version} from ${found} ...`);
  fs.mkdirSync(folder, { recursive: true });
  copyEngine(found, folder);
  return true;
}

/** Leaves a copy for the other users of this machine, if we are root and there is none. That is a kindness: no command fails for it. */
export function shareEngine(version: string, folder: string): void {
  const shared = sharedEngine(version);
  if (process.getuid?.() !== 0 || folder === shared || isComplete(shared)) return;
  try {
    makeReachable(shared);
    copyEngine(folder, shared);
  } catch {
    // They build one of their own.
  }
}

/** The folder of this user's account, whatever HOME says; the one that root shares; and where the PATH leads. */
function placesOf(version: string): string[] {
  const named = (process.env.PATH ?? "").split(path.delimiter).filter((each) => path.isAbsolute(each));
  const linked = named
    .flatMap((folder) => realpath(path.join(folder, "pulumi")) ?? [])
    .map((file) => path.dirname(file));
  return [
    ...accountFolder().map((home) => path.join(home, ".pulumi", "versions", version, "bin")),
    sharedEngine(version),
    ...linked,
  ];
}

function accountFolder(): string[] {
  try {
    return [os.userInfo().homedir];
  } catch {
    // A user without an account, as in a container.
    return [];
  }
}

function realpath(file: string): string | undefined {
  try {
    return fs.realpathSync(file);
  } catch {
    return undefined;
  }
}

function isEngine(folder: string, version: string): boolean {
  if (!isComplete(folder)) return false;
  // Nobody but us and root can have put it there, or it is not run, not even to ask for its version.
  if (!CLI.every((program) => isSafe(fs.realpathSync(path.join(folder, program))))) return false;
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  return capture(path.join(folder, "pulumi"), ["version"], { env }).stdout === `v${version}`;
}

/** There as a whole, and not one that we have made of another source. */
export function isComplete(folder: string): boolean {
  return hasAll(folder, CLI) && !builtFromOtherSource(folder);
}

/** The CLI last: whoever finds it finds all. */
function copyEngine(from: string, to: string): void {
  const names = [DIGEST_FILE, LAUNCHER, ...[...CLI].reverse()].filter((name) => fs.existsSync(path.join(from, name)));
  for (const name of names) {
    const partial = path.join(to, `${name}.${process.pid}`);
    fs.copyFileSync(path.join(from, name), partial, fs.constants.COPYFILE_FICLONE);
    fs.chmodSync(partial, name === DIGEST_FILE ? 0o644 : 0o755);
    fs.renameSync(partial, path.join(to, name));
  }
}
