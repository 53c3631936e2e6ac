// The project: its folder, its name, and where its commands keep what they make. That is outside the project, because the language host
// walks the whole project folder at each command.
import fs from "node:fs";
import path from "node:path";
import { Failure, reasonOf } from "./failure";
import { makeFolder, projectFolder, projectKey, stateFolder } from "./state-folder";

export { projectFolder, projectKey, stateFolder };

/** The stack of one developer, with the embedded database and without a secret. */
export const DEV_STACK = "dev";

/** The name under which Pulumi knows the project: the namespace of its configuration. */
export function projectName(): string {
  const project = fs.readFileSync(path.join(projectFolder, "Pulumi.yaml"), "utf8");
  return /^name:\s*(\S+)/m.exec(project)?.[1] ?? "";
}

/** The state folder, there and ours alone. */
export function makeStateFolder(): string {
  const folder = stateFolder();
  try {
    makeFolder(folder);
    fs.accessSync(folder, fs.constants.W_OK);
  } catch (cause) {
    throw new Failure(
      `The state folder ${folder} is not writable (${reasonOf(cause)}).\nSet ONE_ROOF_HOME to a folder that is. Nothing was changed.`,
      1,
      { cause },
    );
  }
  return folder;
}
