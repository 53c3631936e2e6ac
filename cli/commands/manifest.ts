// `npm run manifest`: writes the manifest of the release, checkable with `sha256sum -c`, and prints the digest under which it is ratified.
import fs from "node:fs/promises";
import path from "node:path";
import { identifyRelease, manifest, MANIFEST_FILE } from "../../provider/manifest";
import { Failure } from "../failure";
import { projectFolder } from "../project";
import type { Command } from "./index";

export const run: Command = async (args) => {
  if (args.length) throw new Failure("Usage: npm run manifest", 2);
  await fs.writeFile(path.join(projectFolder, MANIFEST_FILE), await manifest(projectFolder));
  const { release } = await identifyRelease(projectFolder, "");
  console.log(`${MANIFEST_FILE} written. Once it is ratified, pin it: npm run pulumi -- config set release ${release}`);
  return 0;
};
