// Builds the Pulumi CLI and a Node.js language host from the Go modules listed here.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { Failure } from "../../cli/failure";
import { exitCodeOf, onInterrupt } from "../../cli/interrupts";
import { capture } from "../../cli/process";

const CLI_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const HOST_PACKAGE = "./cmd/pulumi-language-nodejs";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const TAGS = "-tags=osusergo,grpcnotrace";
/** What tells a CLI of our own making: the digest of its source. */
export const DIGEST_FILE = "one-roof-engine.sha256";
const REPORT_EVERY_MS = 15_000;

export interface Build {
  version: string;
  /** Where the binaries go. */
  folder: string;
  /** Why it has to be built. */
  reason: string;
}

export async function buildEngine({ version, folder, reason }: Build): Promise<void> {
  const go = capture("go", ["version"], { cwd: __dirname });
  if (!go.ok) {
    throw new Failure(
      `The Pulumi CLI ${version} is missing in ${folder} and cannot be built without Go (${go.reason}).\n` +
        `Why it has to be built: ${reason}.\n` +
        `Install Go 1.26 or newer, or make the download possible. Nothing was changed.`,
    );
  }
  console.error(`Building the Pulumi CLI ${version} with ${go.stdout}, about five minutes, once: ${reason}.`);
  // Beside the target, so that the finished files can be renamed into place: nobody ever sees half a binary.
  fs.mkdirSync(folder, { recursive: true });
  // There is one build at a time, so what an interrupted one left can go.
  const partial = path.join(path.dirname(folder), "build");
  fs.rmSync(partial, { recursive: true, force: true });
  fs.mkdirSync(partial);
  try {
    await compile(version, partial, await download());
    // The CLI last: whoever finds it finds all.
    fs.writeFileSync(path.join(partial, DIGEST_FILE), sourceDigest());
    for (const file of [DIGEST_FILE, "pulumi-language-nodejs", "pulumi"]) {
      fs.renameSync(path.join(partial, file), path.join(folder, file));
    }
  } finally {
    fs.rmSync(partial, { recursive: true, force: true });
  }
}

/** True for an engine of our own making whose source is no longer what tools/engine holds; an official one has no digest beside it. */
export function builtFromOtherSource(folder: string): boolean {
  try {
    return fs.readFileSync(path.join(folder, DIGEST_FILE), "utf8") !== sourceDigest();
  } catch {
    return false;
  }
}

function sourceDigest(): string {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum", path.join(HOST_PACKAGE, "main.go")]) {
    hash.update(fs.readFileSync(path.join(__dirname, file)));
  }
  return hash.digest("hex");
}

/** Returns how many packages there are to compile. */
async function download(): Promise<number> {
  console.error("Downloading the Go modules ...");
  const lines = await go(["list", TAGS, "-deps", CLI_PACKAGE, HOST_PACKAGE]);
  // What it says about downloads starts with "go: ".
  return lines.filter((line) => !line.startsWith("go: ")).length;
}

async function compile(version: string, folder: string, packages: number): Promise<void> {
  const flags = ["-trimpath", "-buildvcs=false", TAGS, `-ldflags=-s -w -X ${VERSION_VARIABLE}=v${version}`];
  // -v names each package when it is compiled, and none that the build cache holds.
  const command = ["build", "-v", ...flags, "-o", folder + path.sep, CLI_PACKAGE, HOST_PACKAGE];
  await go(command, (lines) => `${lines} of ${packages} packages compiled, `);
}

/** Runs go and returns the lines it prints. Reports now and then, because minutes of silence look like a hang. */
function go(args: string[], progress: (lines: number) => string = () => ""): Promise<string[]> {
  const started = Date.now();
  return new Promise((resolve, reject) => {
    const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off" };
    const child = spawn("go", args, { cwd: __dirname, env, stdio: ["ignore", "pipe", "pipe"] });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => lines.push(line));
    const timer = setInterval(() => {
      console.error(`  ... ${progress(lines.length)}${Math.round((Date.now() - started) / 1000)} s`);
    }, REPORT_EVERY_MS);
    const release = onInterrupt((by) => {
      child.kill();
      process.exit(exitCodeOf(by));
    });
    child.on("error", reject);
    child.on("close", (code) => {
      release();
      clearInterval(timer);
      if (code === 0) resolve(lines);
      else reject(new Failure(`go ${args[0] ?? ""} failed; its last words:\n${lines.slice(-10).join("\n")}`));
    });
  });
}
