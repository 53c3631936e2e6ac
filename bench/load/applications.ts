import type { TestDatabase } from "../../test/support/database/database";
import type { Options } from "../options";
import { takePlaces as byDirectus } from "./directus";
import type { Places } from "./place";
import { takePlaces as bySql } from "./sql";

/** By the name that `--application` takes. */
export const APPLICATIONS: Readonly<Record<Options["application"], (db: TestDatabase) => Promise<Places>>> = {
  sql: bySql,
  directus: byDirectus,
};
