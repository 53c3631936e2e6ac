import { spawn, spawnSync, type SpawnSyncOptions, type SpawnSyncReturns } from "node:child_process";
import os from "node:os";
import { Failure } from "./failure";

/** How a program ended. */
export interface Ended {
  code: number;
  /** Somebody sent a signal: it is not to be started again. */
  interrupted: boolean;
}

/** What a program in the foreground may be given besides its environment. */
export interface Foreground {
  cwd?: string;
  /** Gets what the program prints, which is shown all the same. The program then has no terminal. */
  onOutput?: (chunk: Buffer) => void;
}

/**
 * Runs a program in the foreground, with our terminal.
 *
 * Ctrl-C at a terminal reaches the whole process group, hence the child too: passing it on would be a second interrupt, which makes Pulumi
 * stop at once instead of at the end of the step. Without a terminal a signal is sent to us alone and has to be passed on.
 */
export function runInForeground(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { cwd, onOutput }: Foreground = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: onOutput ? ["ignore", "pipe", "pipe"] : "inherit", env, cwd });
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ] as const) {
      from?.on("data", (chunk: Buffer) => {
        to.write(chunk);
        onOutput?.(chunk);
      });
    }
    let interrupted = false;
    const onSignal = (signal: NodeJS.Signals) => {
      interrupted = true;
      if (signal === "SIGTERM" || !process.stdin.isTTY) child.kill(signal);
    };
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
    const done = () => process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    child.on("error", (cause) => {
      done();
      reject(new Failure(`${program} could not be started: ${cause.message}`, 1, { cause }));
    });
    // Not "exit": what the program printed last may still be on its way then.
    child.on("close", (code, signal) => {
      done();
      resolve({
        code: code ?? 128 + os.constants.signals[signal ?? "SIGTERM"],
        interrupted: interrupted || code === null,
      });
    });
  });
}

/** Somebody is there who can be asked. */
export function isTerminal(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}

export interface Captured {
  ok: boolean;
  /** Null where it could not be started, or was ended by a signal. */
  code: number | null;
  stdout: string;
  /** What a person needs to see when it failed. */
  reason: string;
}

/** Runs a short program to its end and captures what it prints; never throws. */
export function capture(program: string, args: readonly string[], options: SpawnSyncOptions = {}): Captured {
  // The texts are null when the program could not be started.
  const result: SpawnSyncReturns<string | null> = spawnSync(program, args, { ...options, encoding: "utf8" });
  const error: NodeJS.ErrnoException | undefined = result.error;
  const failure = error?.code === "ENOENT" ? `${program} was not found` : error?.message;
  return {
    ok: result.status === 0,
    code: result.status,
    stdout: result.stdout?.trim() ?? "",
    reason: failure ?? (result.stderr?.trim() || `exit code ${result.status ?? "unknown"}`),
  };
}
