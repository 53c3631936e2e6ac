import { type ChildProcess, execFileSync } from "node:child_process";

/** What an operator sees of one command: its exit code, and both streams as they came. */
export interface Result {
  code: number;
  output: string;
}

/** Resolves when all processes of a command have let go of its output. */
export function resultOf(child: ChildProcess): Promise<Result> {
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => void chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, output: Buffer.concat(chunks).toString("utf8") }));
  });
}

/** Signals a process, or with a negative number its group. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in this very moment.
  }
}

/** What has ended and only waits to be collected is gone. */
export function isAlive(pid: number): boolean {
  try {
    return !/^[ZX]/.test(ps(pid, "stat"));
  } catch {
    return false;
  }
}

/** What the system says of a process. Throws where there is none. */
export function ps(pid: number, column: "args" | "stat"): string {
  return execFileSync("ps", ["-p", `${pid}`, "-o", `${column}=`], { encoding: "utf8" }).trim();
}
