/*
 * The dynamic provider of a tier, as text: Pulumi stores a provider by value and runs the stored text, even when it
 * destroys years later. So this one holds no logic: each verb loads the module of the project at call time, from the
 * folder in which the command runs.
 *
 *   check  provider/check.ts    pure: other target, edited tier, unknown rollout
 *   diff   provider/diff.ts     pure: in the state but not in the ledger
 *   create provider/create.ts   one transaction: gates, SQL, delta contract, ledger, COMMIT
 *   update provider/update.ts   the same, for a tier that the database lost
 *   read   provider/read.ts     gone, or drifted
 *   delete provider/delete.ts   one transaction: rollback, proof, COMMIT
 */
"use strict";

/** @param {string} name */
function load(name) {
  // @ts-expect-error This entry of tsx has no types: it only registers the loader.
  require("tsx/cjs");
  return require(require("node:path").resolve("provider", `${name}.ts`));
}

/** @type {() => import("@pulumi/pulumi").dynamic.ResourceProvider} */
exports.handler = () => ({
  configure: async (request) => load("settings").configure((/** @type {string} */ key) => request.config.get(key)),
  check: async (olds, news) => load("check").check(olds, news),
  diff: async (id, olds, news) => load("diff").diff(id, olds, news),
  create: async (inputs) => load("create").create(inputs),
  update: async (id, olds, news) => load("update").update(id, olds, news),
  read: async (id, props) => load("read").read(id, props),
  delete: async (_id, props) => load("delete").destroy(props),
});
