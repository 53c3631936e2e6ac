import * as pulumi from "@pulumi/pulumi";
import type { TierInputs } from "./inputs";
import type { TierReport } from "./report";

/*
 * What each verb calls:
 *   check  provider/check.ts    pure: other target, edited tier, unknown rollout
 *   diff   provider/diff.ts     pure: in the state but not in the ledger
 *   create provider/create.ts   one transaction: gates, SQL, delta contract, ledger, COMMIT
 *   update provider/update.ts   the same, for a tier that the database lost
 *   read   provider/read.ts     gone, or drifted
 *   delete provider/delete.ts   one transaction: rollback, proof, COMMIT
 *
 * Pulumi stores a dynamic provider by value and runs the stored text, even when it destroys years later. So this
 * one holds no logic: each method loads the module of the project at call time, from the folder in which the
 * command runs. Nothing from this file's scope may be used inside the methods.
 */
const shim: pulumi.dynamic.ResourceProvider<TierInputs, TierInputs> = {
  async configure(request) {
    require("tsx/cjs");
    require(require("node:path").resolve("provider/settings.ts")).configure((key: string) => request.config.get(key));
  },
  async check(olds, news) {
    require("tsx/cjs");
    return require(require("node:path").resolve("provider/check.ts")).check(olds, news);
  },
  async diff(id, olds, news) {
    require("tsx/cjs");
    return require(require("node:path").resolve("provider/diff.ts")).diff(id, olds, news);
  },
  async create(inputs) {
    require("tsx/cjs");
    return require(require("node:path").resolve("provider/create.ts")).create(inputs);
  },
  async update(id, olds, news) {
    require("tsx/cjs");
    return require(require("node:path").resolve("provider/update.ts")).update(id, olds, news);
  },
  async read(id, props) {
    require("tsx/cjs");
    return require(require("node:path").resolve("provider/read.ts")).read(id, props);
  },
  async delete(_id, props) {
    require("tsx/cjs");
    await require(require("node:path").resolve("provider/delete.ts")).destroy(props);
  },
};

/** What the program gives to a tier: plain values, and two that the tiers before it hand over. */
export type TierArgs = Omit<TierInputs, "previous" | "rolloutId"> & {
  readonly previous?: pulumi.Input<string>;
  readonly rolloutId?: pulumi.Input<string>;
};

/** One tier of a rollout as a Pulumi resource. Created by its SQL, deleted by its proven rollback, never replaced. */
export class Tier extends pulumi.dynamic.Resource {
  declare readonly report: pulumi.Output<TierReport>;
  declare readonly rolloutId: pulumi.Output<string>;

  constructor(name: string, args: TierArgs, opts: pulumi.CustomResourceOptions = {}) {
    // An output that no input names must be named here for others to wait for it.
    super(shim, name, { rolloutId: undefined, ...args }, { ...opts, deleteBeforeReplace: true }, "rollout", "Tier");
  }
}
