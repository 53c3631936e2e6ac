// Where the commands keep what they make, and the private folder for what their processes keep for a while. Plain JavaScript: it is asked
// before TypeScript can be loaded.
"use strict";

const { createHash } = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const projectFolder = path.resolve(__dirname, "..");

/** Two clones never share state: the hash of the path keeps them apart, the name makes the folder recognisable. */
const projectKey = `${path.basename(projectFolder)}-${createHash("sha256")
  .update(fs.realpathSync(projectFolder))
  .digest("hex")
  .slice(0, 8)}`;

/** `$ONE_ROOF_HOME/<project>`, else `$XDG_STATE_HOME/one-roof/<project>`, else `~/.local/state/one-roof/<project>`. */
function stateFolder() {
  const { ONE_ROOF_HOME, XDG_STATE_HOME } = process.env;
  const home = ONE_ROOF_HOME || path.join(XDG_STATE_HOME || path.join(os.homedir(), ".local", "state"), "one-roof");
  return path.resolve(home, projectKey);
}

/**
 * Node's own recursive mkdir never returns where the file system says "no such file" to every creation, as /proc does.
 * @param {string} folder
 */
function makeFolder(folder) {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Two commands may start at once.
    if (!fs.existsSync(folder)) throw error;
  }
}

/**
 * A folder that nobody else can write to or look into: compilers keep there what they will run the next time, under names
 * that anybody can foresee. It stays, so that they start warm; where no such place can stay, it lives as long as this process.
 * Throws where somebody else has put something in its place.
 */
function privateFolder() {
  const folder = path.join(stateFolder(), "tmp");
  try {
    makeFolder(folder);
    if (!isSafe(fs.realpathSync(path.dirname(folder)))) return passingFolder();
  } catch {
    return passingFolder();
  }
  requireOwnFolder(folder);
  return folder;
}

/** @type {string | undefined} */
let passing;

function passingFolder() {
  if (passing === undefined) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "one-roof-"));
    process.once("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
    passing = folder;
  }
  return passing;
}

/**
 * Nobody else can rename what is in the folder, nor the folder itself: it and all above it are ours or root's, and where
 * others may write, a sticky bit keeps them from it.
 * @param {string} folder
 * @returns {boolean}
 */
function isSafe(folder) {
  const { uid, gid, mode } = fs.statSync(folder);
  const others = mode & 0o002 || (mode & 0o020 && gid !== process.getgid?.() && gid !== 0);
  if (![0, process.geteuid?.() ?? uid].includes(uid) || (others && !(mode & 0o1000))) return false;
  return folder === path.dirname(folder) || isSafe(path.dirname(folder));
}

/** @param {string} folder */
function requireOwnFolder(folder) {
  const status = fs.lstatSync(folder);
  const { uid } = status;
  if (!status.isDirectory() || uid !== (process.geteuid?.() ?? uid)) {
    const found = status.isSymbolicLink()
      ? "a symbolic link"
      : status.isDirectory()
        ? `a folder of user ${uid}`
        : "no folder";
    const message =
      `${folder} must be a folder of your own, but it is ${found}: code could be planted there. Nothing was started. ` +
      `Find out who made it and remove it, or set ONE_ROOF_HOME to another place.`;
    throw Object.assign(new Error(message), { exitCode: 1 });
  }
  // Others may have left something in it.
  if (status.mode & 0o022)
    for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name), { recursive: true });
  if (status.mode & 0o077) fs.chmodSync(folder, 0o700);
}

module.exports = { isSafe, makeFolder, privateFolder, projectFolder, projectKey, stateFolder };
