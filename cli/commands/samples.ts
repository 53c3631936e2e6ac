// `npm run samples`: writes the samples of README and runbook anew, from real runs on a server of its own.
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { run as runTests } from "./test";
import type { Command } from "./index";

export const run: Command = (args, name) => {
  if (args.length > 0) throw new Failure("Usage: npm run samples", EXIT.configuration);
  process.env.SAMPLES = "write";
  return runTests(["test/e2e/samples"], name);
};
