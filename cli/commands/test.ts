// `npm test`: types, style and format beside every test; ends with the line "N passed, N failed".
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { say } from "../console";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { capture } from "../process";
import { projectFolder } from "../project";
import { ensureEngine } from "../pulumi/engine";
import { failedChecks, staticChecks } from "./check";
import type { Command } from "./index";

const OLDEST_PSQL = 15;

/** With arguments only jest runs, and gets them: `npm test -- test/unit -t fingerprint`. */
export const run: Command = async (args) => {
  requirePsql();
  await ensureEngine();
  // Beside the tests: lint alone would leave a processor idle.
  const checking = args.length > 0 ? [] : failedChecks(staticChecks({ cacheLint: false }));
  const [checks, { passed, failed, ok }] = await Promise.all([checking, runJest(args)]);
  if (checks.length > 0) say(`Failed besides the tests: ${checks.join(", ")}`);
  if (passed + failed === 0) say("No test was executed.");
  say(`${passed} passed, ${failed} failed`);
  return ok && passed > 0 && checks.length === 0 ? EXIT.done : EXIT.failed;
};

function requirePsql(): void {
  const { ok, stdout } = capture("psql", ["--version"]);
  const major = Number(/\d+/.exec(stdout)?.[0] ?? 0);
  if (ok && major >= OLDEST_PSQL) return;
  throw new Failure(
    `The tests need psql ${OLDEST_PSQL} or newer; ${ok ? `this is ${stdout}` : "there is none"}.\n` +
      `Install it: apt-get install postgresql-client`,
  );
}

interface JestResult {
  numPassedTests: number;
  numFailedTests: number;
  numRuntimeErrorTestSuites: number;
  success: boolean;
}

async function runJest(args: string[]): Promise<{ passed: number; failed: number; ok: boolean }> {
  const report = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "one-roof-report-")), "jest.json");
  const jest = path.join(projectFolder, "node_modules", "jest", "bin", "jest.js");
  // jest writes its JSON to standard output too unless it goes to a file; what people read goes to standard error.
  const command = [jest, "--json", `--outputFile=${report}`, ...args];
  const running = spawn(process.execPath, command, { cwd: projectFolder, stdio: "inherit" });
  const [status] = (await once(running, "close")) as [number | null];
  if (!fs.existsSync(report)) return { passed: 0, failed: 0, ok: false };
  const result = JSON.parse(fs.readFileSync(report, "utf8")) as JestResult;
  fs.rmSync(path.dirname(report), { recursive: true });
  return {
    passed: result.numPassedTests,
    // A suite that cannot be loaded has no tests to count: it counts as one failure.
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
    ok: status === 0 && result.success,
  };
}
