#!/usr/bin/env node
// Entry of every npm script. Until the dependencies are there only Node's own modules may be loaded, so this file, dependencies.js,
// lock.js and state-folder.js are plain JavaScript; everything else is TypeScript, loaded through tsx.
"use strict";

const { inspect } = require("node:util");
const { exitCodeOf, interrupted } = require("./interrupts.js");
const { privateFolder } = require("./state-folder.js");

const OLDEST_NODE = 20;

const major = Number(process.versions.node.split(".")[0]);
if (major < OLDEST_NODE) {
  console.error(
    `Node.js ${process.versions.node} is too old: this project needs Node.js ${OLDEST_NODE} or newer. Nothing was changed.`,
  );
  process.exit(1);
}

/** Whether TypeScript can be loaded. */
let loaded = false;

async function main() {
  // Every process that we start keeps what it compiles where nobody else can put anything.
  process.env.TMPDIR = privateFolder();
  await require("./dependencies.js").ensureDependencies();
  // How messages name the command that the operator can type next.
  process.env.ROLLOUT_CLI ||= "npm run pulumi --";
  require("../provider/loader.js");
  loaded = true;
  const { runCommand } = require("./commands");
  process.exitCode = await runCommand(process.argv[2], process.argv.slice(3));
}

main()
  .catch((error) => {
    // A failure that was foreseen carries its exit code and a message for people; anything else is a defect and shows its stack.
    const text = error && typeof error.exitCode === "number" ? error.message : inspect(error);
    console.error(loaded ? require("./console").forStream(text, process.stderr) : text);
    process.exitCode = (error && error.exitCode) || 1;
  })
  .finally(() => {
    // Whatever still waits for an answer is not waited for.
    const by = interrupted();
    if (by) process.exit(exitCodeOf(by));
  });
