// One process of a chaos run: jest with one test, of which it does its part.
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { projectFolder } from "../project";
import type { Report } from "./report";
import type { Series } from "./series";

/** One part of a series, with the files in which it tells what it does. */
export interface Part {
  series: Series;
  number: number;
  log: string;
  file: string;
  state: "waiting" | "running" | "passed" | "failed";
}

export function partsOf(series: Series, folder: string): Part[] {
  return Array.from({ length: series.parts }, (_, index) => {
    const name = `${path.basename(series.test, ".test.ts")}-${series.version}-${index + 1}`;
    return {
      series,
      number: index + 1,
      log: path.join(folder, `${name}.log`),
      file: path.join(folder, `${name}.json`),
      state: "waiting" as const,
    };
  });
}

/** Runs it to its end; `started` gets the process. */
export function runPart(part: Part, started: (child: ChildProcess) => void): Promise<void> {
  const { series, number, log, file } = part;
  const output = fs.openSync(log, "w");
  const jest = path.join(projectFolder, "node_modules", "jest", "bin", "jest.js");
  const child = spawn(process.execPath, [jest, "--runInBand", series.test], {
    cwd: projectFolder,
    env: {
      ...process.env,
      CHAOS: "all",
      CHAOS_PART: `${number}/${series.parts}`,
      CHAOS_REPORT: file,
      TEST_PG_BIN: series.bin,
    },
    stdio: ["ignore", output, output],
  });
  fs.closeSync(output);
  part.state = "running";
  started(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      part.state = code === 0 ? "passed" : "failed";
      resolve();
    });
  });
}

/** What it has done so far; undefined before its first case. */
export function readReport({ file }: Part): Report | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")) as Report;
  } catch {
    // Not there yet, or being written in this moment.
    return undefined;
  }
}
