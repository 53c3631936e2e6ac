// Runs jest on a copy of the project, and reads what it says of each test.
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

/** How tests ended. */
export interface Outcome {
  readonly passed: readonly Test[];
  readonly failed: readonly Test[];
  /** Why a file of tests could not be run at all, which shows nothing of what it tests. */
  readonly broken?: string;
}

export interface Test {
  readonly file: string;
  /** With the names of what it stands in, as jest has it. */
  readonly name: string;
}

/** How jest is to run. */
export interface Run {
  readonly files: readonly string[];
  /** Only the tests whose name holds one of these; all where there is none. */
  readonly parts: readonly string[];
  readonly workers: number;
  /** Whoever hangs for so long shows nothing, in minutes. */
  readonly limit: number;
}

interface Report {
  testResults: {
    name: string;
    message: string;
    status: string;
    assertionResults: { fullName: string; status: string }[];
  }[];
}

const running = new Set<ChildProcess>();

/** Ends all that is running, with all that it has started. */
export function endAll(): void {
  for (const { pid } of running) if (pid !== undefined) end(pid);
}

function end(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** A file with tests, and a part of the names of those that are meant; all where there is none. */
export function readTests(tests: string): { file: string; part: string | undefined } {
  const [file = "", part] = tests.split(" -t ");
  return { file, part };
}

/** Runs tests in a copy. */
export async function runJest(
  { folder, home }: { readonly folder: string; readonly home: string },
  { files, parts, workers, limit }: Run,
): Promise<Outcome> {
  const report = path.join(home, `report-${path.basename(folder)}.json`);
  fs.rmSync(report, { force: true });
  const log = path.join(home, `jest-${path.basename(folder)}.log`);
  const output = fs.openSync(log, "w");
  const jest = path.join(folder, "node_modules", "jest", "bin", "jest.js");
  const pattern = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const child = spawn(
    process.execPath,
    [
      jest,
      "--json",
      `--outputFile=${report}`,
      "--maxWorkers",
      `${workers}`,
      `--testNamePattern=${pattern}`,
      "--runTestsByPath",
      ...files,
    ],
    { cwd: folder, env: { ...process.env, ONE_ROOF_HOME: home }, stdio: ["ignore", output, output], detached: true },
  );
  fs.closeSync(output);
  running.add(child);
  const overdue = setTimeout(() => child.pid !== undefined && end(child.pid), limit * 60_000);
  try {
    await new Promise<void>((resolve, reject) => child.on("error", reject).on("close", () => resolve()));
  } finally {
    clearTimeout(overdue);
    running.delete(child);
  }
  if (!fs.existsSync(report)) {
    const said = fs.readFileSync(log, "utf8").trim().split("\n").slice(-20).join("\n");
    return { passed: [], failed: [], broken: `jest did not come to its end in ${limit} min: ${said}` };
  }
  return readReport(folder, JSON.parse(fs.readFileSync(report, "utf8")) as Report);
}

function readReport(folder: string, { testResults }: Report): Outcome {
  const with_ = (status: string): Test[] =>
    testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter((each) => each.status === status)
        .map(({ fullName }) => ({ file: path.relative(folder, name), name: fullName })),
    );
  const unrun = testResults.find(
    ({ status, assertionResults }) => status === "failed" && assertionResults.every((each) => each.status !== "failed"),
  );
  return { passed: with_("passed"), failed: with_("failed"), ...(unrun && { broken: unrun.message.trim() }) };
}
