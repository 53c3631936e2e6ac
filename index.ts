/**
 * The program: `pulumi preview` shows what was measured, `pulumi up` applies it, `npm run destroy` rolls it back.
 * What it does step by step is in provider/resource/program.ts; what it rolls out is in tiers/.
 */
// First of all: what follows is loaded by tsx, which caches, instead of the SDK's compiler, which does not.
import "./provider/loader";
import { type DeclareAccess, runProgram } from "./provider";
import { rollout } from "./tiers";

/** Loaded where roles take part in the database: it reads all SQL. */
const access: DeclareAccess = (readers) =>
  (require("./access/declaration") as typeof import("./access/declaration")).declareAccess({ readers });

export = runProgram({ root: __dirname, rollout, access });
