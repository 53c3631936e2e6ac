/*
 * The dynamic provider of the approvals, as text: Pulumi stores it by value, and runs the stored text for years. It holds
 * no logic, it loads entry.ts of the folder in which the command runs: a path that never changes.
 */
"use strict";

function load() {
  // @ts-expect-error This entry of tsx has no types: it only registers the loader.
  require("tsx/cjs");
  return require(require("node:path").resolve("entry.ts"));
}

/** @type {() => import("@pulumi/pulumi").dynamic.ResourceProvider} */
exports.handler = () => ({
  diff: async (id, olds, news) => load().diff(id, olds, news),
  create: async (inputs) => load().create(inputs),
  update: async (id, olds, news) => load().update(id, olds, news),
  delete: async (id, props) => load().delete(id, props),
});
