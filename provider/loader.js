/*
 * Loads TypeScript, for every process that runs some of it: the commands, the program, the pack, and the process of the
 * dynamic provider, whose text in a stack's state names this path. So it never moves. tsx keeps what it has compiled in a
 * folder `tsx-UID` of the temporary folder and runs what it finds there; the name can be foreseen. It is used only if it
 * is our own and nobody else can write to it.
 */
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

if (!keepsOthersOut(os.tmpdir())) process.env.TSX_DISABLE_CACHE = "1";

require("./on-demand.js");
require("./lifeline.js");

// @ts-expect-error This entry of tsx has no types: it only registers the loader.
require("tsx/cjs");

/** @param {string} temporary */
function keepsOthersOut(temporary) {
  const user = process.geteuid?.();
  // Where there are no users by number each has a temporary folder of his own.
  if (user === undefined) return true;
  try {
    const above = fs.statSync(temporary);
    if (![0, user].includes(above.uid) || (above.mode & 0o022 && !(above.mode & 0o1000))) return false;
    const folder = path.join(temporary, `tsx-${user}`);
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = fs.lstatSync(folder);
    return found.isDirectory() && found.uid === user && !(found.mode & 0o022);
  } catch {
    return false;
  }
}
