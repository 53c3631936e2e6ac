// Makes the Pulumi CLI available: found, else downloaded by the official npm package `pulumi`, else built from its Go modules.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { buildEngine, builtFromOtherSource } from "../../tools/engine/build";
import { tell } from "../console";
import { Failure } from "../failure";
import { withLock } from "../lock";
import { capture } from "../process";
import { projectFolder } from "../project";

/** The launcher of dynamic providers; the official download has it beside the CLI, the npm package @pulumi/pulumi brings it too. */
const LAUNCHER = "pulumi-resource-pulumi-nodejs";
const CLI = ["pulumi", "pulumi-language-nodejs"];

export function pulumiHome(): string {
  return process.env.PULUMI_HOME || path.join(os.homedir(), ".pulumi");
}

/** The folder in which the npm package `pulumi` looks before it downloads, so that `npx pulumi` runs the same engine. */
export function engineFolder(): string {
  return path.join(pulumiHome(), "versions", engineVersion(), "bin");
}

function engineVersion(): string {
  const manifest = path.join(projectFolder, "node_modules", "pulumi", "package.json");
  return (JSON.parse(fs.readFileSync(manifest, "utf8")) as { version: string }).version;
}

/** The CLI's path. Nothing but a few stats when it is there; callers run it directly, because each wrapper costs a process start. */
export async function ensureEngine(): Promise<string> {
  const folder = engineFolder();
  if (!hasAll(folder, [...CLI, LAUNCHER]) || builtFromOtherSource(folder)) {
    await withLock(path.join(path.dirname(folder), "setup.lock"), "setting up the Pulumi CLI", () => setUp(folder));
  }
  return path.join(folder, "pulumi");
}

async function setUp(folder: string): Promise<void> {
  if (builtFromOtherSource(folder)) {
    await buildEngine({ version: engineVersion(), folder, reason: "tools/engine has changed since the last build" });
  } else if (!hasAll(folder, CLI)) {
    const reason = `the official download is out of reach: ${download(folder)}`;
    if (!hasAll(folder, CLI)) await buildEngine({ version: engineVersion(), folder, reason });
  }
  if (!hasAll(folder, [LAUNCHER])) copyLauncher(folder);
}

function hasAll(folder: string, programs: readonly string[]): boolean {
  try {
    const files = programs.map((program) => path.join(folder, program));
    for (const file of files) fs.accessSync(file, fs.constants.X_OK);
    return files.every((file) => fs.statSync(file).size > 0);
  } catch {
    return false;
  }
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
