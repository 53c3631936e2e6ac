/** The program: roles and rights as Pulumi resources. What they are stands in declaration.ts. */
import "tsx/cjs";
import { Config } from "@pulumi/pulumi";
import { declareAccess } from "./declaration";
import { registerAccess } from "./resources";

const config = new Config();
const { PGDATABASE: database } = process.env;
if (!database) throw new Error("PGDATABASE has to name the database of the rollout: npm run access sets it.");

registerAccess(
  declareAccess({
    readers: config.getObject<string[]>("readers") ?? [],
    administrators: config.getObject<string[]>("administrators") ?? [],
  }),
  { database, sequences: config.getObject<Record<string, string>>("sequences") ?? {} },
);
