// `npm run pulumi -- …`: any command of the Pulumi CLI, on the stack and backend of this project.
import { preparePulumi } from "../pulumi/cli";
import { readCommandLine } from "../pulumi/command-line";
import type { Command } from "./index";

export const run: Command = async (args) => {
  const pulumi = await preparePulumi(readCommandLine(args));
  return (await pulumi.run(args)).code;
};
