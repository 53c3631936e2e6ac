// Makes the Pulumi CLI available: found, here or elsewhere on this machine, else downloaded by the official npm package `pulumi`, else built
// from its Go modules.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { buildEngine, builtFromOtherSource } from "../../tools/engine/build";
import { tell } from "../console";
import { EXIT } from "../exit-codes";
import { Failure, reasonOf } from "../failure";
import { withLock } from "../lock";
import { capture } from "../process";
import { projectFolder } from "../project";
import { makeFolder } from "../state-folder";
import { CLI, copyFoundEngine, hasAll, isComplete, LAUNCHER, shareEngine } from "./engine-search";

export function pulumiHome(): string {
  return process.env.PULUMI_HOME || path.join(os.homedir(), ".pulumi");
}

/** The folder in which the npm package `pulumi` looks before it downloads, so that `npx pulumi` runs the same engine. */
export function engineFolder(): string {
  return path.join(pulumiHome(), "versions", engineVersion(), "bin");
}

export function engineVersion(): string {
  const manifest = path.join(projectFolder, "node_modules", "pulumi", "package.json");
  return (JSON.parse(fs.readFileSync(manifest, "utf8")) as { version: string }).version;
}

/** The CLI's path. Nothing but a few stats when it is there; callers run it directly, because each wrapper costs a process start. */
export async function ensureEngine(): Promise<string> {
  const folder = engineFolder();
  if (!hasAll(folder, [...CLI, LAUNCHER]) || builtFromOtherSource(folder)) {
    const lock = path.join(path.dirname(folder), "setup.lock");
    makeHome(path.dirname(folder));
    await withLock(lock, "setting up the Pulumi CLI", () => setUp(folder));
  }
  shareEngine(engineVersion(), folder);
  return path.join(folder, "pulumi");
}

function makeHome(folder: string): void {
  try {
    makeFolder(folder);
    fs.accessSync(folder, fs.constants.W_OK);
  } catch (cause) {
    throw new Failure(
      `The Pulumi CLI cannot be kept in ${folder} (${reasonOf(cause)}).\nSet PULUMI_HOME to a folder that is writable. Nothing was changed.`,
      EXIT.configuration,
      { cause },
    );
  }
}

async function setUp(folder: string): Promise<void> {
  const version = engineVersion();
  if (!isComplete(folder) && !copyFoundEngine(version, folder)) {
    const reason = builtFromOtherSource(folder)
      ? "tools/engine has changed since the last build"
      : `the official download is out of reach: ${download(folder)}`;
    if (!isComplete(folder)) await buildEngine({ version, folder, reason });
  }
  if (!hasAll(folder, [LAUNCHER])) copyLauncher(folder);
}

/** Lets the official npm package download the CLI; returns why it could not. */
function download(folder: string): string {
  const wrapper = path.join(projectFolder, "node_modules", "pulumi", "run.js");
  tell(`Looking for the official Pulumi CLI ${engineVersion()} ...`);
  // The package downloads only while there is no CLI: one without its language host would be taken as it is.
  fs.rmSync(path.join(folder, "pulumi"), { force: true });
  const { ok, reason } = capture(process.execPath, [wrapper, "version"], {
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  return ok ? "it came without its Node.js language host" : (reason.split("\n").pop() ?? reason);
}

function copyLauncher(folder: string): void {
  const source = path.join(projectFolder, "node_modules", "@pulumi", "pulumi", LAUNCHER);
  if (!fs.existsSync(source)) throw new Failure(`${source} is missing: run npm ci.`);
  const partial = path.join(folder, `${LAUNCHER}.${process.pid}`);
  fs.copyFileSync(source, partial);
  fs.chmodSync(partial, 0o755);
  fs.renameSync(partial, path.join(folder, LAUNCHER));
}
