// Ends a program in the foreground in order when the command is interrupted, and when the command dies.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import type { Writable } from "node:stream";
import { interrupt, type Interrupt, onInterrupt } from "./interrupts";
import type { Lifeline } from "./lifeline";

/**
 * When a program is asked to end, told to end at once, and killed, in milliseconds after the interruption. It takes no signal where a tier is
 * at work: that ends by itself, and the run with it, and the program says better than by a signal what happened.
 */
interface Schedule {
  ask: number;
  insist: number;
  kill: number;
}

/** The program writes its state, perhaps to a slow backend, and an operator can say it once more. */
const PATIENT: Schedule = { ask: 1_500, insist: 20_000, kill: 25_000 };

/** Whoever ends a CI job kills what is still there some ten seconds later. */
const HURRIED: Schedule = { ask: 1_000, insist: 4_000, kill: 6_000 };

/** Nobody can say it once more, and nothing is to outlive us. */
const ABANDONED: Schedule = { ask: 700, insist: 1_500, kill: 2_500 };

/** Between two signals, which the program would take for one. */
const APART_MS = 100;
const AT_ONCE: Schedule = { ask: 0, insist: APART_MS, kill: 1_500 };

/**
 * Waits for our death, which closes its standard input, and then asks the program to end, and kills it. A shell, because it starts in a
 * millisecond, and in a session of its own, because whoever kills us may kill the whole process group.
 */
const GUARDIAN = `
trap '' HUP INT TERM
read -r over && exit
kill -INT "$1" || exit
for look in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2 || sleep 1; kill -0 "$1" || exit; done
kill -KILL "$1"`;

export interface Supervised {
  /** The program has ended. */
  over(): void;
}

/** Call it as soon as the program was started. */
export function supervise(
  child: ChildProcess,
  lifeline: Lifeline,
  onNoticed: (listener: () => void) => () => void = () => () => undefined,
): Supervised {
  const guardian = child.pid === undefined ? undefined : startGuardian(child.pid);
  const terminal = rememberTerminal();
  const timers = new Set<NodeJS.Timeout>();
  let signals = 0;
  const later = (milliseconds: number, signal: NodeJS.Signals) =>
    timers.add(
      setTimeout(() => {
        signals++;
        child.kill(signal);
      }, milliseconds),
    );
  const end = (by: Interrupt) => {
    lifeline.interrupt();
    const { ask, insist, kill } = scheduleOf(by);
    const { times, known } = by;
    if (!known) later(lifeline.held() > 0 ? ask : 0, "SIGINT");
    if (!known || times === 1) later(insist, "SIGINT");
    later(kill, "SIGKILL");
  };
  const release = onInterrupt(end);
  const ended = onNoticed(() => {
    // After a signal of ours it notices that one.
    if (signals === 0) interrupt("SIGINT", { known: true });
  });
  const onResize = () => child.kill("SIGWINCH");
  process.on("SIGWINCH", onResize);
  return {
    over() {
      for (const timer of timers) clearTimeout(timer);
      ended();
      release();
      process.off("SIGWINCH", onResize);
      guardian?.over();
      if (child.signalCode !== null) terminal.restore();
    },
  };
}

function scheduleOf({ signal, times, abandoned }: Interrupt): Schedule {
  if (times > 1) return AT_ONCE;
  if (abandoned) return ABANDONED;
  return signal === "SIGINT" ? PATIENT : HURRIED;
}

function startGuardian(pid: number): Supervised {
  const guardian = spawn("sh", ["-c", GUARDIAN, "sh", `${pid}`], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guardian.on("error", () => undefined).unref();
  // It is a socket, whatever its type says, and would keep us from ending.
  const line = guardian.stdin as Writable & { unref?: () => void };
  line.on("error", () => undefined);
  line.unref?.();
  return { over: () => line.end("over\n") };
}

/**
 * Whether the terminal, if there is one, is ours now. What was started in the background must not take the keys of whoever works there; in a
 * session of its own nothing would stop it.
 */
export function hasTerminal(): boolean {
  if (!process.stdin.isTTY) return true;
  const { stdout } = spawnSync("ps", ["-o", "pgid=,tpgid=", "-p", `${process.pid}`], { encoding: "utf8" });
  const [own, foreground] = (stdout ?? "").trim().split(/\s+/);
  return own === foreground;
}

/** Pulumi reads keys from the terminal while it shows its progress. Killed, it leaves the terminal as nobody can use it. */
function rememberTerminal(): { restore(): void } {
  if (!process.stdin.isTTY) return { restore: () => undefined };
  const stty = (...words: string[]) =>
    spawnSync("stty", words, { stdio: ["inherit", "pipe", "ignore"], encoding: "utf8" });
  const settings = (stty("-g").stdout ?? "").trim();
  return {
    restore() {
      if (settings) stty(settings);
      if (process.stdout.isTTY) process.stdout.write("\x1b[?25h");
    },
  };
}
