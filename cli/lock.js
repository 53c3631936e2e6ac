// A lock between processes: a file that is created exclusively and names its owner. A lock whose owner is dead is taken over, so a killed
// command blocks nobody.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");
const { makeFolder } = require("./state-folder.js");

const POLL_MS = 200;

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: there is such a process, it is only not ours.
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/**
 * Takes the lock, or returns the process id of its living owner.
 * @param {string} file
 */
function tryLock(file) {
  // Linking a finished file makes the lock appear together with its owner's id.
  const mine = `${file}.${process.pid}`;
  fs.writeFileSync(mine, `${process.pid}`);
  try {
    while (fails("EEXIST", () => fs.linkSync(mine, file))) {
      const owner = readOwner(file);
      if (owner && isAlive(owner)) return owner;
      removeStale(file, owner);
    }
  } finally {
    fs.rmSync(mine, { force: true });
  }
}

/**
 * Of two that find the same stale lock one may be late and hit the fresh lock of the other: it looks at what it took and puts it back.
 * @param {string} file
 * @param {number | undefined} owner
 */
function removeStale(file, owner) {
  const taken = `${file}.${process.pid}.stale`;
  if (fails("ENOENT", () => fs.renameSync(file, taken))) return;
  if (readOwner(taken) !== owner) fails("EEXIST", () => fs.linkSync(taken, file));
  fs.rmSync(taken, { force: true });
}

/** @param {string} file */
function readOwner(file) {
  try {
    return Number(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * True when the action fails with this code; any other failure is thrown.
 * @param {string} code
 * @param {() => void} action
 */
function fails(code, action) {
  try {
    action();
    return false;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === code) return true;
    throw error;
  }
}

/**
 * Runs the work while holding the lock; says once on the terminal for whom it waits.
 * @template T
 * @param {string} file
 * @param {string} purpose what the owner is doing, for the message to those who wait
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
async function withLock(file, purpose, work) {
  makeFolder(path.dirname(file));
  let told = false;
  for (let owner = tryLock(file); owner !== undefined; owner = tryLock(file)) {
    if (!told) console.error(`Waiting for process ${owner}, which is ${purpose} ...`);
    told = true;
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

module.exports = { isAlive, withLock };
