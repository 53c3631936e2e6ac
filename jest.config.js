"use strict";

const path = require("node:path");
const { privateFolder } = require("./cli/state-folder.js");

// The tests are told by none of our commands how messages name the next one: they say it themselves where it matters.
delete process.env.ROLLOUT_CLI;

/** @type {import("jest").Config} */
module.exports = {
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  transform: { "\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2022" } }] },
  // Its own place in the temporary folder can be foreseen by others.
  cacheDirectory: path.join(privateFolder(), "jest"),
  setupFilesAfterEnv: ["<rootDir>/test/support/setup-file.ts"],
  testSequencer: "<rootDir>/test/support/sequencer.js",
  globalSetup: "<rootDir>/test/support/global-setup.ts",
  globalTeardown: "<rootDir>/test/support/global-teardown.ts",
  // Two more than the two cores of a small machine: some tests wait for time-outs. Servers and engines work beside the workers: more of
  // these only time out.
  maxWorkers: 4,
  testTimeout: 60_000,
};
