// Installs the npm dependencies when node_modules is missing or does not fit package-lock.json.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { spawn } = require("node:child_process");
const { exitCodeOf, onInterrupt } = require("./interrupts.js");
const { withLock } = require("./lock.js");

const project = path.resolve(__dirname, "..");
const lockfile = path.join(project, "package-lock.json");
const installedLockfile = path.join(project, "node_modules", ".package-lock.json");

async function ensureDependencies() {
  if (areInstalled()) return;
  await withLock(path.join(project, ".npm-ci.lock"), "installing the dependencies", async () => {
    if (!areInstalled()) await install();
  });
}

function areInstalled() {
  try {
    // The usual case costs two stats. After a checkout the times say nothing, so the contents decide.
    if (fs.statSync(installedLockfile).mtimeMs >= fs.statSync(lockfile).mtimeMs) return true;
  } catch {
    return false;
  }
  return sameVersions(readPackages(lockfile), readPackages(installedLockfile));
}

/**
 * @typedef {Record<string, { version?: string, optional?: boolean }>} Packages
 * @param {string} file
 * @returns {Packages}
 */
function readPackages(file) {
  return JSON.parse(fs.readFileSync(file, "utf8")).packages;
}

/**
 * @param {Packages} wanted
 * @param {Packages} installed
 */
function sameVersions(wanted, installed) {
  return Object.entries(wanted).every(
    ([name, { version, optional }]) =>
      name === "" || installed[name]?.version === version || (optional && !installed[name]),
  );
}

async function install() {
  console.error("Installing the dependencies (npm ci) ...");
  const npm = spawn("npm", ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: project,
    // Standard output belongs to the command (`db url` prints only the URL).
    stdio: ["ignore", 2, 2],
  });
  const release = onInterrupt((by) => {
    npm.kill();
    process.exit(exitCodeOf(by));
  });
  const reason = await new Promise((resolve) => {
    npm.once("error", ({ message }) => resolve(`: ${message}`));
    npm.once("exit", (code) => resolve(code === 0 ? undefined : "; what it said is above"));
  });
  release();
  if (reason === undefined) return;
  throw Object.assign(new Error(`npm ci failed${reason}. Nothing else was changed.`), { exitCode: 1 });
}

module.exports = { ensureDependencies };
