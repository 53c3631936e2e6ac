/*
 * The dynamic provider of a tier, as text: Pulumi stores a provider by value in the state and runs the stored text,
 * even when it destroys years later. So this one holds no logic. It loads provider/loader.js, which can
 * load TypeScript, and provider/entry.ts of the project, from the folder in which the command runs, and hands every verb
 * on. These paths and the verbs are a public interface: a stack that holds this text must always find them.
 */
"use strict";

function load() {
  const { resolve } = require("node:path");
  require(resolve("provider", "loader.js"));
  return require(resolve("provider", "entry.ts"));
}

/** @type {() => import("@pulumi/pulumi").dynamic.ResourceProvider} */
exports.handler = () => ({
  configure: async (request) => load().configure((/** @type {string} */ key) => request.config.get(key)),
  check: async (olds, news) => load().check(olds, news),
  diff: async (id, olds, news) => load().diff(id, olds, news),
  create: async (inputs) => load().create(inputs),
  update: async (id, olds, news) => load().update(id, olds, news),
  read: async (id, props) => load().read(id, props),
  delete: async (id, props) => load().delete(id, props),
});
