// `npm run check`: types, lint, format and unit tests, for every time something was changed. `npm test` does the first three by the same code.
import { spawn } from "node:child_process";
import path from "node:path";
import { say } from "../console";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { makeStateFolder, projectFolder } from "../project";
import type { Command } from "./index";

interface Check {
  name: string;
  /** What node runs, in node_modules. */
  script: string;
  args: string[];
}

/** They use one core each. */
const AT_ONCE = 2;

export const run: Command = async (args) => {
  if (args.length > 0) throw new Failure("Usage: npm run check", EXIT.configuration);
  const unit: Check = { name: "unit tests", script: "jest/bin/jest.js", args: ["test/unit"] };
  const failed = await failedChecks([...staticChecks({ cacheLint: true }), unit]);
  return failed.length === 0 ? EXIT.done : EXIT.failed;
};

/**
 * Lint knows types: after an edit of one file it may complain of another, which a cache by file does not see. So the cache is for checks in
 * between, not for the one that decides.
 */
export function staticChecks({ cacheLint }: { cacheLint: boolean }): Check[] {
  const cache = path.join(makeStateFolder(), "checks");
  const lintCache = ["--cache", "--cache-strategy", "content", "--cache-location", path.join(cache, "eslint")];
  const formatCache = ["--cache", "--cache-strategy", "content", "--cache-location", path.join(cache, "prettier")];
  const typesCache = ["--incremental", "--tsBuildInfoFile", path.join(cache, "types.tsbuildinfo")];
  return [
    { name: "lint", script: "eslint/bin/eslint.js", args: [".", ...(cacheLint ? lintCache : [])] },
    { name: "types", script: "typescript/bin/tsc", args: ["--noEmit", ...typesCache] },
    { name: "format", script: "prettier/bin/prettier.cjs", args: ["--check", "--log-level=warn", ".", ...formatCache] },
  ];
}

/** Runs them side by side, each with its output in one piece; returns the names of those that failed. */
export async function failedChecks(checks: readonly Check[]): Promise<string[]> {
  const waiting = [...checks];
  const failed: string[] = [];
  const work = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      if (!(await passes(check))) failed.push(check.name);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failed;
}

function passes({ name, script, args }: Check): Promise<boolean> {
  const started = Date.now();
  const file = path.join(projectFolder, "node_modules", script);
  const env = process.stdout.isTTY ? { ...process.env, FORCE_COLOR: "1" } : process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], {
      cwd: projectFolder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => void output.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0) process.stdout.write(Buffer.concat(output));
      say(`${code === 0 ? "ok" : "FAILED"}: ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
      resolve(code === 0);
    });
  });
}
