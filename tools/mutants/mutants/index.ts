import type { Mutant } from "../mutant";
import { cli } from "./cli";
import { ledger } from "./ledger";
import { model } from "./model";
import { plan } from "./plan";
import { policy } from "./policy";
import { postgres } from "./postgres";
import { resource } from "./resource";
import { sql } from "./sql";
import { sqlCommon } from "./sql-common";
import { threeValued } from "./three-valued";

/** All of them, by the room that they are planted in. */
export const MUTANTS: readonly Mutant[] = [
  ...model,
  ...postgres,
  ...ledger,
  ...plan,
  ...resource,
  ...sqlCommon,
  ...sql,
  ...threeValued,
  ...policy,
  ...cli,
];
