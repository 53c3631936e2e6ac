// Installs the npm dependencies when node_modules is missing or does not fit package-lock.json.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const { withLock } = require("./lock.js");

const project = path.resolve(__dirname, "..");
const lockfile = path.join(project, "package-lock.json");
const installedLockfile = path.join(project, "node_modules", ".package-lock.json");

async function ensureDependencies() {
  if (areInstalled()) return;
  await withLock(path.join(project, ".npm-ci.lock"), "installing the dependencies", () => {
    if (!areInstalled()) install();
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

function install() {
  console.error("Installing the dependencies (npm ci) ...");
  const { status, error } = spawnSync("npm", ["ci", "--include=dev", "--no-audit", "--no-fund"], {
    cwd: project,
    // Standard output belongs to the command (`db url` prints only the URL).
    stdio: ["ignore", 2, 2],
  });
  if (status === 0) return;
  const reason = error ? `: ${error.message}` : "; what it said is above";
  throw Object.assign(new Error(`npm ci failed${reason}. Nothing else was changed.`), { exitCode: 1 });
}

module.exports = { ensureDependencies };
