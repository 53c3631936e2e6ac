import { readFileSync } from "node:fs";
import path from "node:path";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi";

export interface ApprovalsArgs {
  readonly database: string;
  /** Makes them, and makes them again. */
  readonly sql: string;
  /** Takes them back, or refuses. */
  readonly removal: string;
}

/** The provider as text, as that of a tier is one: Pulumi stores it by value. */
const PROVIDER = readFileSync(path.join(__dirname, "stored-provider.js"), "utf8");

/** The table and the functions of approval, for which the plugin has no resource, and what else only SQL can say. */
export class Approvals extends CustomResource {
  constructor(name: string, args: ApprovalsArgs, opts: CustomResourceOptions = {}) {
    super("pulumi-nodejs:dynamic/access:Approvals", name, { ...args, __provider: PROVIDER }, opts);
  }
}
