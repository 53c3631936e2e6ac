// The program: the same for every rollout. What is rolled out is in tiers/.
import "./provider/loader";
import { runProgram } from "../../provider";
import { rollout } from "./tiers";

export = runProgram({ root: __dirname, rollout });
