/**
 * The program: `pulumi preview` shows what was measured, `pulumi up` applies it, `npm run destroy` rolls it back.
 * What it does step by step is in provider/resource/program.ts; what it rolls out is in tiers/.
 */
// First of all: what follows is loaded by tsx, which caches, instead of the SDK's compiler, which does not.
import "./provider/loader";
import { runProgram } from "./provider";
import { rollout } from "./tiers";

export = runProgram({ root: __dirname, rollout });
