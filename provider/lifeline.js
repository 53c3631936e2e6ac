/*
 * Ties a process that Pulumi has started (the program, the policy pack, the dynamic provider) to those for whom it works:
 *
 *   the engine   Its address is among the arguments. It ends its plugins when it ends; killed, it ends nobody, and they would
 *                live on for ever, with what they hold on the server. So once nothing listens at that address any more, all
 *                that serve it are ended.
 *   the command  runs Pulumi, where it is not run by hand (cli/lifeline.ts). It says when the run is interrupted; and if it
 *                dies, the run is.
 *
 * Plain JavaScript that loads nothing of ours: the commands have Node load it before anything else, in every process of a
 * run; loader.js loads it where Pulumi was started by hand. What most of them do not need is loaded where it is used.
 */
"use strict";

const fs = require("node:fs");

/** The scripts of Pulumi's SDK by which these processes start. */
const SCRIPT = /[\\/]@pulumi[\\/]pulumi[\\/]cmd[\\/](run|run-policy-pack|dynamic-provider)([\\/]|$)/;

/** How often it is seen whether the engine is there, in milliseconds. */
const LOOK_MS = 500;

/** How often it must have been missed. */
const MISSED = 2;

const interrupting = new AbortController();

function hold() {
  const [, script] = SCRIPT.exec(process.argv[1] ?? "") ?? [];
  if (!script) return;
  const engine = engineOf(commandLine(process.pid));
  if (engine) watchEngine(engine);
  const { ROLLOUT_LIFELINE: port } = process.env;
  // A pack is at nothing that could be cut short.
  if (port && script !== "run-policy-pack") listenToCommand(Number(port));
}

/** @param {number} port on which the command listens, on this machine */
function listenToCommand(port) {
  const line = require("node:net").connect(port, "127.0.0.1");
  line.unref();
  const interrupt = () => interrupting.abort();
  line.on("data", interrupt).on("close", interrupt).on("error", interrupt);
}

/**
 * An engine that was stopped and not killed still has its port: the kernel answers for it.
 * @param {string} engine
 */
function watchEngine(engine) {
  const net = require("node:net");
  const [, host, port] = /^(.*):(\d+)$/.exec(engine) ?? [];
  let missed = 0;
  const look = () => {
    const probe = net.connect({ host, port: Number(port), timeout: LOOK_MS });
    probe.unref();
    const seen = () => {
      missed = 0;
      probe.destroy();
    };
    probe.on("connect", seen).on("timeout", seen);
    probe.on("error", (/** @type {NodeJS.ErrnoException} */ { code }) => {
      missed = code === "ECONNREFUSED" ? missed + 1 : 0;
      if (missed === MISSED) endAllOf(engine);
    });
  };
  setInterval(look, LOOK_MS).unref();
}

/**
 * Ends all that serve an engine, this process last: launchers and language hosts too, which do not notice, or minutes later.
 * No other engine can have the address of one that is gone, or it would have answered.
 * @param {string} engine
 */
function endAllOf(engine) {
  for (const { pid, words } of processes()) {
    if (pid !== process.pid && isOf(engine, words)) end(pid);
  }
  end(process.pid);
}

/** @param {number} pid */
function end(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile, or is somebody else's.
  }
}

/**
 * @param {string} engine
 * @param {readonly string[]} words
 */
function isOf(engine, words) {
  return words.some((word) => word === engine || word === `--engine=${engine}`);
}

/**
 * The program is given two addresses, and names the engine's; the others are given one.
 * @param {readonly string[]} words
 */
function engineOf(words) {
  const named = words.find((_word, index) => words[index - 1] === "--engine");
  const joined = words.find((word) => word.startsWith("--engine="))?.slice("--engine=".length);
  return named ?? joined ?? words.find((word) => /^(127\.0\.0\.1|localhost):\d+$/.test(word));
}

/** @returns {{ pid: number, words: string[] }[]} */
function processes() {
  const pids = onLinux() ? fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)) : [];
  if (pids.length > 0) return pids.map((pid) => ({ pid: Number(pid), words: commandLine(Number(pid)) }));
  return ps("-A").map(([pid, ...words]) => ({ pid: Number(pid), words }));
}

/**
 * What a process was started with. The SDK has changed `process.argv` when a pack or a program gets to run.
 * @param {number} pid
 * @returns {string[]}
 */
function commandLine(pid) {
  try {
    return onLinux() ? fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0") : (ps("-p", `${pid}`)[0] ?? []);
  } catch {
    return [];
  }
}

/**
 * Process id and words of each process.
 * @param {readonly string[]} which
 */
function ps(...which) {
  const { spawnSync } = require("node:child_process");
  const { stdout } = spawnSync("ps", [...which, "-o", "pid=,args="], { encoding: "utf8" });
  const lines = (stdout ?? "").split("\n").filter((line) => line.trim());
  return lines.map((line) => line.trim().split(/\s+/));
}

function onLinux() {
  return process.platform === "linux";
}

hold();

module.exports = {
  /** Aborted once the run is to end: what is under way is cancelled, and nothing begins any more. */
  interruption: interrupting.signal,
};
