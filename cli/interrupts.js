// What is to be done when somebody ends a command: Ctrl-C, the end of a CI job, a closed terminal, or the death of npm, which started it.
// Where nobody listens, Node's own way holds, and the signal ends the process. Plain JavaScript: the dependencies may not be there yet.
"use strict";

/** Exit codes as shells have them: 128 and the number of the signal. */
const EXIT_CODES = Object.freeze({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 });

/** npm passes on a Ctrl-C that has reached us already: what comes so soon, in milliseconds, is said once. */
const SAME_MS = 200;

/** How often it is seen whether npm is still there, in milliseconds. */
const LOOK_MS = 500;

/** npm, as a rule: asked before anything else, for it may be gone by the time that anybody listens. */
const STARTER = process.ppid;

/**
 * @typedef {keyof typeof EXIT_CODES} Signal
 * @typedef {object} Interrupt
 * @property {Signal} signal the first that came, which decides the exit code
 * @property {number} times how often it was said
 * @property {boolean} abandoned nobody is there any more who could say it once more
 * @property {boolean} known what runs in the foreground has noticed by itself
 * @typedef {(interrupt: Interrupt) => void} Listener
 */

const SIGNALS = /** @type {Signal[]} */ (Object.keys(EXIT_CODES));

/** @type {Interrupt | undefined} */
let received;

/** When something came last, in milliseconds. */
let last = 0;

/** @type {Listener[]} */
const listeners = [];

/** @type {ReturnType<typeof setInterval> | undefined} */
let looking;

/**
 * Has whoever is interrupted from now on tell this listener, and those before it no more; returns what gives the place back.
 * @param {Listener} listener
 * @returns {() => void}
 */
function onInterrupt(listener) {
  if (listeners.length === 0) listen();
  listeners.push(listener);
  return () => {
    listeners.splice(listeners.lastIndexOf(listener), 1);
    if (listeners.length === 0) ignore();
  };
}

/**
 * Somebody wants the command to end.
 * @param {Signal} signal
 * @param {{ abandoned?: boolean, known?: boolean }} [how]
 */
function interrupt(signal, { abandoned = false, known = false } = {}) {
  // The terminal may be gone, and what is still said must not end the process before its time.
  if (!received) for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  received = { signal: received?.signal ?? signal, times: (received?.times ?? 0) + 1, abandoned, known };
  listeners.at(-1)?.(received);
}

/** How this command was interrupted; undefined where it was not. */
function interrupted() {
  return received;
}

/** @param {Interrupt} interrupt */
function exitCodeOf({ signal }) {
  return EXIT_CODES[signal];
}

/** @param {NodeJS.Signals} signal */
function onSignal(signal) {
  const now = performance.now();
  const same = received !== undefined && now - last < SAME_MS;
  last = now;
  if (!same) interrupt(/** @type {Signal} */ (signal));
}

function listen() {
  for (const signal of SIGNALS) process.on(signal, onSignal);
  // npm waits for what it has started; a shell may well end before.
  if (process.env.npm_lifecycle_event !== process.argv[2]) return;
  looking = setInterval(() => {
    if (process.ppid === STARTER) return;
    clearInterval(looking);
    interrupt("SIGHUP", { abandoned: true });
  }, LOOK_MS);
  looking.unref();
}

function ignore() {
  for (const signal of SIGNALS) process.off(signal, onSignal);
  clearInterval(looking);
}

module.exports = { exitCodeOf, interrupt, interrupted, onInterrupt };
