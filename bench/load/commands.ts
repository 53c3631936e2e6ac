import { spawn } from "node:child_process";
import path from "node:path";
import { harmless } from "../../provider/model/harmless";
import { type Result, resultOf } from "../../test/support/processes";
import type { Options } from "../options";
import type { Stack } from "../stack";
import { ON_OWN } from "./processors";

/** One command of the rollout under its name in the report, and how far it goes. */
export interface Command {
  readonly name: string;
  readonly args: readonly string[];
  readonly throughTier: number;
}

/** How many lines of a failed command are shown. */
const LAST_LINES = 8;

/** A whole life: there, nothing to do, a part back, there again, back. */
export const COMMANDS: readonly Command[] = [
  { name: "preview", args: ["preview"], throughTier: 8 },
  { name: "up", args: ["up", "--yes"], throughTier: 8 },
  { name: "second up", args: ["up", "--yes"], throughTier: 8 },
  { name: "up, back to tier 2", args: ["up", "--yes"], throughTier: 2 },
  { name: "up, from tier 2", args: ["up", "--yes"], throughTier: 8 },
  { name: "refresh", args: ["refresh", "--yes"], throughTier: 8 },
  { name: "destroy", args: ["destroy", "--yes"], throughTier: 8 },
];

/** Runs a command as `npm run` does, with the niceness and on the processor that were asked for. */
export function runCommand(stack: Stack, { args, throughTier }: Command, { nice, apart }: Options): Promise<Result> {
  stack.configure({ throughTier: `${throughTier}` });
  const main = path.resolve("cli/main.js");
  const words = [...(apart ? ON_OWN : []), process.execPath, main, ...args, ...stack.options];
  const child = spawn("nice", ["-n", `${nice}`, ...words], {
    cwd: stack.project,
    env: stack.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return resultOf(child);
}

/** How a command ended, and where it failed its last words. */
export function describeEnd({ name }: Command, { code, output }: Result, took: number): string {
  const last = code === 0 ? [] : harmless(output).trim().split("\n").slice(-LAST_LINES);
  return [`  ${name}: exit ${code} after ${(took / 1000).toFixed(1)} s`, ...last].join("\n    ");
}
