import { spawn, spawnSync, type SpawnSyncOptions, type SpawnSyncReturns } from "node:child_process";
import os from "node:os";
import { EXIT } from "./exit-codes";
import { Failure } from "./failure";
import { exitCodeOf, interrupted } from "./interrupts";
import { openLifeline } from "./lifeline";
import { hasTerminal, supervise } from "./supervision";

/** How a program ended. */
export interface Ended {
  code: number;
  /** Somebody wanted it to end: it is not to be started again. */
  interrupted: boolean;
}

/** What a program in the foreground may be given besides its environment. */
export interface Foreground {
  cwd?: string;
  /** Gets what the program prints, which is shown all the same. The program then has no terminal. */
  onOutput?: (chunk: Buffer) => void;
  /** Gets what the program prints, to show it or not. */
  onDisplay?: ((chunk: Buffer) => void) | undefined;
  /** Gets what the program says on standard error, to show it or not. */
  onError?: ((chunk: Buffer) => void) | undefined;
  /** Tells when the program has noticed a Ctrl-C by itself; returns what ends that. */
  onNoticed?: ((listener: () => void) => () => void) | undefined;
}

/**
 * Runs a program in the foreground, with our terminal, but in a session of its own: no Ctrl-C and no hang-up of a terminal reaches it, and
 * what is to be done then is decided in one place.
 */
export async function runInForeground(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { cwd, onOutput, onDisplay, onError, onNoticed }: Foreground = {},
): Promise<Ended> {
  const lifeline = await openLifeline(env);
  const child = spawn(program, args, {
    stdio: onOutput
      ? ["ignore", "pipe", "pipe"]
      : ["inherit", onDisplay ? "pipe" : "inherit", onError ? "pipe" : "inherit"],
    env: { ...env, ...lifeline.env },
    cwd,
    detached: hasTerminal(),
  });
  const supervised = supervise(child, lifeline, onNoticed);
  const show = (to: NodeJS.WriteStream) => (chunk: Buffer) => {
    to.write(chunk);
    onOutput?.(chunk);
  };
  child.stdout?.on("data", onDisplay ?? show(process.stdout));
  child.stderr?.on("data", onError ?? show(process.stderr));
  try {
    return await new Promise<Ended>((resolve, reject) => {
      child.on("error", (cause) => {
        reject(new Failure(`${program} could not be started: ${cause.message}`, EXIT.failed, { cause }));
      });
      // Not "exit": what the program printed last may still be on its way then.
      child.on("close", (code, signal) => {
        const by = interrupted();
        resolve({
          code: by ? exitCodeOf(by) : (code ?? 128 + os.constants.signals[signal ?? "SIGTERM"]),
          interrupted: by !== undefined || code === null,
        });
      });
    });
  } finally {
    supervised.over();
    lifeline.close();
  }
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
