// `npm run pulumi -- …`: any command of the Pulumi CLI, on the stack and backend of this project. One that runs the rollout is the
// command of that name: there is one way in which a person agrees to a change, and one in which it ends.
import { EXIT } from "../exit-codes";
import { preparePulumi } from "../pulumi/cli";
import { operationOf, readCommandLine, withoutCommand } from "../pulumi/command-line";
import { agreesToOther } from "../pulumi/consent";
import type { Command } from "./index";

export const run: Command = async (args) => {
  const line = readCommandLine(args);
  const operation = operationOf(line);
  if (operation && line.cwd === undefined) {
    const { run: runOperation } = require("./operation") as typeof import("./operation");
    return runOperation(withoutCommand(args), operation);
  }
  const pulumi = await preparePulumi(line);
  if (operation && !(await agreesToOther(operation, line, pulumi.env))) return EXIT.declined;
  return (await pulumi.run(args)).code;
};
