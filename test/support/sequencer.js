"use strict";

const path = require("node:path");
const { default: Sequencer } = require("@jest/test-sequencer");

/** The rooms of the tests, those that take longest first: on a fresh clone nobody knows yet how long a file takes, and one left for the end runs alone. */
const ROOMS = ["e2e", "provider", "cli", "sql", "unit"];

/** @param {{ path: string }} test */
const roomOf = (test) => ROOMS.indexOf(path.basename(path.dirname(test.path)));

module.exports = class extends Sequencer {
  /** @override @type {InstanceType<typeof Sequencer>["sort"]} */
  sort(tests) {
    const sorted = /** @type {typeof tests} */ (super.sort(tests));
    return [...sorted].sort((one, other) => roomOf(one) - roomOf(other));
  }
};
