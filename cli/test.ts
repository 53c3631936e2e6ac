// `npm test`: types, style and format, then every test; ends with the line "N passed, N failed".
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { ensureEngine } from "./engine";
import { Failure } from "./failure";
import { capture } from "./process";
import { projectFolder } from "./state";

const OLDEST_PSQL = 15;

const CHECKS = [
  { name: "types", script: "typescript/bin/tsc", args: ["--noEmit"] },
  { name: "lint", script: "eslint/bin/eslint.js", args: ["."] },
  { name: "format", script: "prettier/bin/prettier.cjs", args: ["--check", "--log-level=warn", "."] },
];

/** With arguments only jest runs, and gets them: `npm test -- test/unit -t fingerprint`. */
export async function runTests(args: string[]): Promise<number> {
  requirePsql();
  await ensureEngine();
  const failedChecks = args.length > 0 ? [] : CHECKS.filter((check) => !passes(check)).map(({ name }) => name);
  const { passed, failed, ok } = runJest(args);
  if (failedChecks.length > 0) console.log(`Failed besides the tests: ${failedChecks.join(", ")}`);
  if (passed + failed === 0) console.log("No test was executed.");
  console.log(`${String(passed)} passed, ${String(failed)} failed`);
  return ok && passed > 0 && failedChecks.length === 0 ? 0 : 1;
}

function requirePsql(): void {
  const { ok, stdout } = capture("psql", ["--version"]);
  const major = Number(/\d+/.exec(stdout)?.[0] ?? 0);
  if (ok && major >= OLDEST_PSQL) return;
  throw new Failure(
    `The tests need psql ${String(OLDEST_PSQL)} or newer; ${ok ? `this is ${stdout}` : "there is none"}.\n` +
      `Install it: apt-get install postgresql-client`,
  );
}

function passes({ name, script, args }: (typeof CHECKS)[number]): boolean {
  const started = Date.now();
  const ok = runModule(script, args) === 0;
  console.log(`${ok ? "ok" : "FAILED"}: ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return ok;
}

interface JestResult {
  numPassedTests: number;
  numFailedTests: number;
  numRuntimeErrorTestSuites: number;
  success: boolean;
}

function runJest(args: string[]): { passed: number; failed: number; ok: boolean } {
  const report = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "one-roof-report-")), "jest.json");
  const code = runModule("jest/bin/jest.js", ["--json", `--outputFile=${report}`, ...args]);
  if (!fs.existsSync(report)) return { passed: 0, failed: 0, ok: false };
  const result = JSON.parse(fs.readFileSync(report, "utf8")) as JestResult;
  fs.rmSync(path.dirname(report), { recursive: true });
  return {
    passed: result.numPassedTests,
    // A suite that cannot be loaded has no tests to count: it counts as one failure.
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
    ok: code === 0 && result.success,
  };
}

function runModule(script: string, args: string[]): number {
  const file = path.join(projectFolder, "node_modules", script);
  // jest writes its JSON to standard output too unless it goes to a file; what people read goes to standard error.
  return spawnSync(process.execPath, [file, ...args], { cwd: projectFolder, stdio: "inherit" }).status ?? 1;
}
