import type * as pulumi from "@pulumi/pulumi";
// By its part: the package as a whole also loads the automation API and a package manager.
import { CustomResource } from "@pulumi/pulumi/resource";
import type { TierReport } from "../model/report";
import { TIER_TYPE, type TierInputs } from "../model/tier-inputs";
import { storedProvider } from "./known-providers";

/**
 * What `pulumi.dynamic.Resource` would make of a provider by serializing it, for which it loads TypeScript's compiler.
 * The stored provider is a text already.
 */
const PROVIDER = storedProvider();

/** What the program gives to a tier: plain values, and two that the tiers before it hand over. */
export type TierArgs = Omit<TierInputs, "previous" | "rolloutId"> & {
  readonly previous?: pulumi.Input<string>;
  readonly rolloutId?: pulumi.Input<string>;
};

/** One tier of a rollout as a Pulumi resource. Created by its SQL, deleted by its proven rollback, never replaced. */
export class Tier extends CustomResource {
  declare readonly report: pulumi.Output<TierReport>;
  declare readonly rolloutId: pulumi.Output<string>;

  constructor(name: string, args: TierArgs, opts: pulumi.CustomResourceOptions = {}) {
    // An output that no input names must be named here for others to wait for it.
    const props = { rolloutId: undefined, ...args, __provider: PROVIDER };
    super(TIER_TYPE, name, props, { ...opts, deleteBeforeReplace: true });
  }
}
