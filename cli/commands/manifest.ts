// `npm run manifest`: writes the manifest of the release, checkable with `sha256sum -c`, and prints the digest under which it is ratified.
import { writeManifest } from "../../provider";
import { say } from "../console";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { projectFolder } from "../project";
import type { Command } from "./index";

export const run: Command = async (args) => {
  if (args.length) throw new Failure("Usage: npm run manifest", EXIT.configuration);
  const release = await writeManifest(projectFolder);
  say(`MANIFEST.sha256 written. Once it is ratified, pin it: npm run pulumi -- config set release ${release}`);
  return 0;
};
