// What the engine tells while it runs, from the log that it writes of its events. At a terminal Pulumi reads the keys itself while it shows its
// progress: a Ctrl-C then reaches nobody else, and that log is where it says so.
import fs from "node:fs";
import path from "node:path";
import { isAlive } from "../lock";
import { isTerminal } from "../process";
import { makeStateFolder } from "../project";
import type { CommandLine } from "./command-line";

/** Each run ends with one: how many resources were left the same, created, updated, deleted. */
const SUMMARY = /"summaryEvent":.*?"resourceChanges":(\{[^}]*\})/;

/** Both of the engine's words: that it cancels, and that it ends at once. */
const NOTICED = /"message":"[^"]*(\^C|SIGTERM) received; (cancelling|terminating)/;

export interface EngineEvents {
  /** What makes the CLI write its log. */
  env: NodeJS.ProcessEnv;
  /** Tells each time that the engine has noticed a Ctrl-C; returns what ends that. */
  onNoticed: (listener: () => void) => () => void;
  /** Whether the run that has just ended found every resource as it is to be. */
  foundAllSame(): boolean;
}

/** Undefined where there is no terminal, or where the caller has the log for himself. */
export function engineEvents(line: CommandLine): EngineEvents | undefined {
  if (!isTerminal() || line.has("event-log")) return undefined;
  const folder = makeStateFolder();
  removeOfDead(folder);
  const file = path.join(folder, `events-${process.pid}.json`);
  let counted = {};
  return {
    // The option is there only with the commands for those who look for faults in Pulumi.
    env: { PULUMI_DEBUG_COMMANDS: "true", PULUMI_OPTION_EVENT_LOG: file },
    onNoticed: (listener) =>
      follow(file, (event) => {
        if (NOTICED.test(event)) listener();
        const [, changes] = SUMMARY.exec(event) ?? [];
        if (changes) counted = JSON.parse(changes) as object;
      }),
    foundAllSame: () => Object.keys(counted).join() === "same",
  };
}

/** A command that was killed has left its log. */
function removeOfDead(folder: string): void {
  for (const name of fs.readdirSync(folder)) {
    const [, pid] = /^events-(\d+)\.json$/.exec(name) ?? [];
    if (pid && !isAlive(Number(pid))) fs.rmSync(path.join(folder, name), { force: true });
  }
}

function follow(file: string, onEvent: (event: string) => void): () => void {
  fs.rmSync(file, { force: true });
  let position = 0;
  let rest = "";
  const read = () => {
    const { text, end } = readFrom(file, position);
    position = end;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(onEvent);
  };
  // The folder, because the file is not there yet.
  const watcher = fs.watch(path.dirname(file), (_event, name) => {
    if (name === null || name === path.basename(file)) read();
  });
  watcher.on("error", () => undefined).unref();
  return () => {
    watcher.close();
    // What was written last need not have been told.
    read();
    fs.rmSync(file, { force: true });
  };
}

/** What stands there from a position on. An `up` writes anew for each of its two runs. */
function readFrom(file: string, position: number): { text: string; end: number } {
  let handle: number | undefined;
  try {
    handle = fs.openSync(file, "r");
    const { size } = fs.fstatSync(handle);
    const start = size < position ? 0 : position;
    const buffer = Buffer.alloc(size - start);
    const length = fs.readSync(handle, buffer, 0, buffer.length, start);
    return { text: buffer.toString("utf8", 0, length), end: start + length };
  } catch {
    return { text: "", end: position };
  } finally {
    if (handle !== undefined) fs.closeSync(handle);
  }
}
